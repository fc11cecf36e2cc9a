/** Claims of all files become objects: the first by path wins, what breaks stays, generations count specs. */
import { describe, expect, test } from '@jest/globals';
import { Catalogue } from './catalogue.ts';
import { readManifest, refusedManifest } from './manifest.ts';
import { MemorySink, manifest, validate } from './source.testing.ts';

function setUp() {
  const catalogue = new Catalogue(60);
  const sink = new MemorySink();
  const write = (file: string, text: string | undefined, now = 0) => {
    const former = catalogue.manifestOf(file);
    catalogue.update(file, text === undefined ? undefined : readManifest(text, validate, former), now);
    sink.apply(catalogue.takeChanges());
  };
  const pass = (now: number) => {
    const next = catalogue.expire(now);
    sink.apply(catalogue.takeChanges());
    return next;
  };
  return { catalogue, sink, write, pass };
}

describe('what a file no longer states', () => {
  test('stays for the vanish delay, then goes', () => {
    const { sink, write, pass } = setUp();
    write('a.yaml', `${manifest('one')}---\n${manifest('two')}`);
    write('a.yaml', manifest('one'), 100);
    expect(pass(159)).toBe(160);
    expect(sink.values).toBe('one=a two=a');
    expect(pass(160)).toBeUndefined();
    expect(sink.values).toBe('one=a');
  });

  test.each(['', '# nothing\n'])('stays much longer while the file is there and holds nothing: %j', (text) => {
    const { sink, write, pass } = setUp();
    write('a.yaml', manifest('one'));
    write('a.yaml', text, 100);
    expect(pass(1059)).toBe(1060);
    expect(sink.values).toBe('one=a');
    pass(1060);
    expect(sink.values).toBe('');
  });

  test('is not noticed to be missing when a writer truncates first and is slow to write', () => {
    const { sink, write, pass } = setUp();
    write('a.yaml', manifest('one'));
    write('a.yaml', '', 100);
    pass(400);
    write('a.yaml', manifest('one', 'b'), 400);
    pass(1e9);
    expect(sink.values).toBe('one=b');
    expect(sink.batches.flat()).not.toContainEqual(expect.objectContaining({ kind: 'remove' }));
  });

  test('stays while the file cannot be read as a whole, although its good documents change', () => {
    const { catalogue, sink, write, pass } = setUp();
    write('a.yaml', `${manifest('one')}---\n${manifest('two')}`);
    write('a.yaml', `${manifest('one', 'b')}---\nkind: ConfigMap\nmetadata: {name: [\n`);
    pass(1e9);
    expect(sink.values).toBe('one=b two=a');
    expect(catalogue.problems()).toMatchObject([{ file: 'a.yaml', line: 9 }]);
    write('a.yaml', manifest('one', 'b'), 1e9);
    pass(1e9 + 60);
    expect(sink.values).toBe('one=b');
    expect(catalogue.problems()).toEqual([]);
  });

  test('stays while the file is refused, and is the same instance when the file is back', () => {
    const { catalogue, sink, write, pass } = setUp();
    write('a.yaml', manifest('one'));
    const before = sink.objects.get('ConfigMap/one');
    catalogue.update('a.yaml', refusedManifest('cannot be read', 'make it readable'), 0);
    pass(1e9);
    write('a.yaml', manifest('one'));
    expect(sink.objects.get('ConfigMap/one')).toBe(before);
  });

  test('is handed over without a gap when its file is renamed', () => {
    const { catalogue, sink, write, pass } = setUp();
    write('a.yaml', manifest('one'));
    write('a.yaml', undefined, 10);
    write('b.yaml', manifest('one', 'b'), 10);
    pass(100);
    expect(sink.batches.flat().filter((change) => change.kind === 'remove')).toEqual([]);
    expect(sink.values).toBe('one=b');
    expect(catalogue.problems()).toEqual([]);
    expect(catalogue.files).toEqual(['b.yaml']);
  });
});

describe('what stands in for an invalid object', () => {
  test('is there until the object is valid, and never again: then its last valid state is', () => {
    const { catalogue, sink, write } = setUp();
    write('a.yaml', manifest('one', 'invalid'));
    expect(sink.values).toBe('one=stand-in');
    expect(catalogue.problems()).toMatchObject([{ file: 'a.yaml', line: 6, path: 'spec.value' }]);
    write('a.yaml', manifest('one', 'a'));
    expect(sink.values).toBe('one=a');
    write('a.yaml', manifest('one', 'invalid'));
    expect(sink.values).toBe('one=a');
    write('a.yaml', `${manifest('one', 'invalid')}---\n${manifest('two')}`);
    expect(sink.values).toBe('one=a two=a');
  });

  test('goes with its file', () => {
    const { sink, write, pass } = setUp();
    write('a.yaml', manifest('one', 'invalid'));
    write('a.yaml', undefined);
    pass(60);
    expect(sink.values).toBe('');
  });

  test.each([
    ['a.yaml', 'b.yaml'],
    ['b.yaml', 'a.yaml'],
  ])('gives way to a valid one of another file: %s invalid, %s valid', (invalid, valid) => {
    const { sink, write } = setUp();
    write(invalid, manifest('one', 'invalid'));
    write(valid, manifest('one', 'good'));
    expect(sink.values).toBe('one=good');
  });
});

describe('an object that is defined twice', () => {
  test('is the one of the first file by path, and the other is reported with both places', () => {
    const { catalogue, sink, write, pass } = setUp();
    write('b.yaml', manifest('one', 'b'));
    write('a.yaml', `# comment\n${manifest('one', 'a')}`);
    expect(sink.values).toBe('one=a');
    expect(catalogue.problems()).toMatchObject([
      { file: 'b.yaml', line: 1, object: 'ConfigMap/default/one', message: expect.stringContaining('a.yaml:2') },
    ]);
    write('a.yaml', '', 0);
    pass(60);
    expect(sink.values).toBe('one=b');
    expect(catalogue.problems()).toEqual([]);
  });

  test('within one file is the first', () => {
    const { catalogue, sink, write } = setUp();
    write('a.yaml', `${manifest('one', 'a')}---\n${manifest('one', 'b')}`);
    expect(sink.values).toBe('one=a');
    expect(catalogue.problems()).toMatchObject([{ line: 8, message: expect.stringContaining('a.yaml:1') }]);
  });
});

describe('generation', () => {
  const labelled = (value: string) => manifest('one').replace('  name: one', `  name: one\n  labels: {a: ${value}}`);
  test.each<[string, string, string, number]>([
    ['counts a changed spec', manifest('one', 'a'), manifest('one', 'b'), 2],
    ['does not count labels', labelled('x'), labelled('z'), 1],
    ['does not count status', manifest('one'), `${manifest('one')}status: {a: 1}\n`, 1],
    [
      'does not take a generation from a file',
      manifest('one'),
      manifest('one').replace('name: one', 'name: one\n  generation: 7'),
      1,
    ],
  ])('%s', (_, first, second, generation) => {
    const { sink, write } = setUp();
    write('a.yaml', first);
    write('a.yaml', second);
    expect(sink.objects.get('ConfigMap/one')?.metadata.generation).toBe(generation);
  });

  test('goes on counting when an object comes back', () => {
    const { sink, write, pass } = setUp();
    write('a.yaml', manifest('one', 'a'));
    write('a.yaml', undefined);
    pass(60);
    write('a.yaml', manifest('one', 'b'));
    expect(sink.objects.get('ConfigMap/one')?.metadata.generation).toBe(2);
  });
});

describe('objects keep their identity', () => {
  test.each<[string, string]>([
    ['when a comment changes', `# hello\n${manifest('one')}`],
    ['when keys are written in another form', manifest('one').replace('value: a', '{value: "a"}')],
    ['when another document changes', `${manifest('zero')}---\n${manifest('one')}`],
  ])('%s', (_, text) => {
    const { sink, write } = setUp();
    write('a.yaml', manifest('one'));
    const before = sink.objects.get('ConfigMap/one');
    write('a.yaml', text);
    expect(sink.objects.get('ConfigMap/one')).toBe(before);
    expect(Object.isFrozen(before)).toBe(true);
  });
});

describe('namespaces', () => {
  test('exist while they are used, with the label every namespace has', () => {
    const { sink, write, pass } = setUp();
    write('a.yaml', manifest('one'));
    expect(sink.objects.get('Namespace/default')?.metadata.labels).toEqual({
      'kubernetes.io/metadata.name': 'default',
    });
    write('a.yaml', undefined);
    pass(60);
    expect(sink.objects.size).toBe(0);
  });

  test('keep their own labels where they are written down, and are implied again afterwards', () => {
    const { sink, write, pass } = setUp();
    write('a.yaml', manifest('one'));
    write('ns.yaml', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: default, namespace: "", labels: {team: a}}\n');
    expect(sink.objects.get('Namespace/default')?.metadata.labels).toEqual({
      team: 'a',
      'kubernetes.io/metadata.name': 'default',
    });
    write('ns.yaml', undefined);
    pass(60);
    expect(sink.objects.get('Namespace/default')?.metadata.labels).toEqual({
      'kubernetes.io/metadata.name': 'default',
    });
  });
});

test('places are found in lists, in later documents and by field', () => {
  const { catalogue, write } = setUp();
  write(
    'a.yaml',
    `${manifest('zero')}---\nkind: List\nitems:\n- kind: ConfigMap\n  metadata: {name: one}\n  spec:\n    value: x\n`.replace(
      'kind: ConfigMap\n  metadata',
      'apiVersion: v1\n  kind: ConfigMap\n  metadata',
    ),
  );
  expect(catalogue.placeOf('ConfigMap/default/one', '')).toEqual({ file: 'a.yaml', line: 10 });
  expect(catalogue.placeOf('ConfigMap/default/one', 'spec.value')).toEqual({ file: 'a.yaml', line: 14 });
  expect(catalogue.placeOf('ConfigMap/default/none', '')).toBeUndefined();
});

test('foreign kinds are noted, wrong ones are problems with their object and line', () => {
  const { catalogue, sink, write } = setUp();
  write(
    'a.yaml',
    '\uFEFFkind: Deployment\nmetadata: {name: d}\n---\n# nothing\n---\nkind: Foo\nmetadata:\n  labels: {}\n',
  );
  expect(catalogue.notes()).toMatchObject([{ file: 'a.yaml', line: 1, object: 'Deployment/d' }]);
  expect(catalogue.problems()).toMatchObject([{ line: 7, object: 'Foo', path: 'metadata.name', hint: 'add a name' }]);
  expect(sink.objects.size).toBe(0);
});
