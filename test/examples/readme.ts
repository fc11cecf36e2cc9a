/** Reads the request lines of an example's README: `POST https://host/path --cert file.pem name: value; name: value {"json": 1} → 200 text`. */

export interface Try {
  readonly line: string;
  readonly method: string;
  readonly url: URL;
  /** File of the example with the client's certificate and key, as curl's `--cert` takes it. */
  readonly certificate?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** '' for none. */
  readonly body: string;
  readonly status: number;
  /** `name: value` of a response header, or a part of the body. */
  readonly expected: string;
}

const Line =
  /^(?<method>[A-Z]+)\s+(?<url>https?:\/\/\S+)\s*(?:--cert (?<certificate>\S+))?\s*(?<headers>[^{]*?)\s*(?<body>\{.*\})?\s*→ (?<status>\d{3})\s*(?<expected>.*)$/;

export function readTries(markdown: string): Try[] {
  return markdown.split('\n').flatMap((line) => {
    const groups = Line.exec(line)?.groups;
    if (groups === undefined) return [];
    const { method = '', url = '', certificate, headers = '', body = '', status = '', expected = '' } = groups;
    return [
      {
        line,
        method,
        url: new URL(url),
        ...(certificate !== undefined && { certificate }),
        headers: readHeaders(headers),
        body,
        status: Number(status),
        expected,
      },
    ];
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
