/** The spellings of `/admin` of the attack list, and as what backends may read them. */

/** `security-and-reliability.md` 2.4, in its order; the last two are the absolute form and a target without its slash. */
export const spellings: readonly string[] = [
  '/public/../admin',
  '/public/%2e%2e/admin',
  '/public/..%2fadmin',
  '/public%2f..%2fadmin',
  '/public/..;/admin',
  '/public/.;/..;/admin',
  '/public/..%5cadmin',
  '/public\\..\\admin',
  '//admin',
  '/./admin',
  '/%61dmin',
  '/ADMIN',
  '/admin%00',
  '/admin%0a',
  '/admin;x=1',
  '/admin?',
  '/admin#',
  '/%2561dmin',
  '/adm%C0%AEin',
  '/admin/',
  '/admin/.',
  '/public/%252e%252e/admin',
  'http://HOST/public/../admin',
  'public/../admin',
];
