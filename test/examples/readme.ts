/** Reads the request lines of an example's README: `POST http://host/path name: value; name: value {"json": 1} → 200 text`. */

export interface Try {
  readonly line: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** '' for none. */
  readonly body: string;
  readonly status: number;
  /** `name: value` of a response header, or a part of the body. */
  readonly expected: string;
}

const Line =
  /^(?<method>[A-Z]+)\s+(?<url>https?:\/\/\S+)\s*(?<headers>[^{]*?)\s*(?<body>\{.*\})?\s*→ (?<status>\d{3})\s*(?<expected>.*)$/;

export function readTries(markdown: string): Try[] {
  return markdown.split('\n').flatMap((line) => {
    const groups = Line.exec(line)?.groups;
    if (groups === undefined) return [];
    const { method = '', url = '', headers = '', body = '', status = '', expected = '' } = groups;
    return [{ line, method, url: new URL(url), headers: readHeaders(headers), body, status: Number(status), expected }];
  });
}

function readHeaders(text: string): Record<string, string> {
  const fields = text.split(';').filter((field) => field.includes(':'));
  return Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).trim(), field.slice(colon + 1).trim()];
    }),
  );
}
