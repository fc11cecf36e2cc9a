/**
 * A stage between a source and the store: classes of other controllers look like ours, so that everything of them is judged. For
 * `--observe`, which serves nothing. Our own classes are left to the gateway that serves them, unless they are named.
 */
import type { IngressClass } from '../api/core.ts';
import type { GatewayClass } from '../api/gatewayapi.ts';
import { apiVersionOf, KINDS, OUR_GROUP } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';
import type { Change, Source, SourceSink } from './source.ts';

export interface ObserveOptions {
  /** Names of GatewayClasses and IngressClasses. */
  readonly classes: readonly string[];
  /** Of our GatewayClasses. */
  readonly controllerName: string;
  /** Of our IngressClasses. */
  readonly ingressControllerName: string;
}

/** Controller of the classes that are ours and not observed. */
const Elsewhere = 'gateway.suuupra.io/not-observed';

export class ObservingSource implements Source {
  readonly #source: Source;
  readonly #options: ObserveOptions;
  readonly #classes: ReadonlySet<string>;
  #first = true;

  constructor(source: Source, options: ObserveOptions) {
    this.#source = source;
    this.#options = options;
    this.#classes = new Set(options.classes);
  }

  start(sink: SourceSink): Promise<void> {
    return this.#source.start({
      apply: (changes) => {
        const assumed = this.#first ? this.#assume(changes) : [];
        this.#first = false;
        sink.apply([...assumed, ...changes.map((change) => this.#take(change))]);
      },
      problems: (problems) => sink.problems(problems),
    });
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  /** An Ingress may name a class by annotation that no IngressClass stands for: its controller knows it by a flag. */
  #assume(changes: readonly Change[]): readonly Change[] {
    const known = new Set(
      changes.flatMap((change) =>
        change.kind === 'upsert' && change.object.kind === 'IngressClass' ? [change.object.metadata.name] : [],
      ),
    );
    const missing = [...this.#classes].filter((name) => !known.has(name));
    return missing.map((name) => ({ kind: 'upsert', object: this.#assumed(name) }));
  }

  #take(change: Change): Change {
    if (change.kind === 'remove') {
      const { kind, name } = change.ref;
      const assumed = kind === 'IngressClass' && this.#classes.has(name);
      return assumed ? { kind: 'upsert', object: this.#assumed(name) } : change;
    }
    const { object } = change;
    if (object.kind === 'IngressClass')
      return { kind: 'upsert', object: this.#takeIngressClass(object as IngressClass) };
    if (object.kind === 'GatewayClass')
      return { kind: 'upsert', object: this.#takeGatewayClass(object as GatewayClass) };
    return change;
  }

  #takeIngressClass(object: IngressClass): IngressClass {
    const { ingressControllerName } = this.#options;
    const { parameters, controller } = object.spec;
    if (this.#classes.has(object.metadata.name)) {
      const spec = { controller: ingressControllerName, ...(parameters?.apiGroup === OUR_GROUP ? { parameters } : {}) };
      return { ...object, spec };
    }
    return controller !== ingressControllerName
      ? object
      : { ...object, spec: { ...object.spec, controller: Elsewhere } };
  }

  #takeGatewayClass(object: GatewayClass): GatewayClass {
    const { controllerName } = this.#options;
    const { parametersRef } = object.spec;
    if (this.#classes.has(object.metadata.name)) {
      const spec = { controllerName, ...(parametersRef?.group === OUR_GROUP ? { parametersRef } : {}) };
      return { ...object, spec };
    }
    return object.spec.controllerName !== controllerName
      ? object
      : { ...object, spec: { ...object.spec, controllerName: Elsewhere } };
  }

  #assumed(name: string): KubeObject {
    const spec = { controller: this.#options.ingressControllerName };
    const metadata = { name, namespace: '', generation: 1, labels: {}, annotations: {} };
    return { apiVersion: apiVersionOf(KINDS.IngressClass), kind: 'IngressClass', metadata, spec } as IngressClass;
  }
}
