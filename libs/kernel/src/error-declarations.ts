import type { Failure, FieldError } from './failure.js';

/** What is said once about an error code. The reference page, the problem documents and the runbook come from it. */
export interface ErrorDeclaration {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** What the reader of the error can do about it. */
  readonly help: string;
}

export interface FailureInput {
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly members?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
}

export type FailureFactory = (input: FailureInput) => Failure;

export type DeclaredErrors<Subcode extends string> = { readonly [S in Subcode]: FailureFactory } & {
  readonly declarations: readonly ErrorDeclaration[];
};

const NAMESPACE = /^[A-Z][A-Z0-9_]*$/;

// Filled while modules load and only read afterwards: the one list from which the reference page is generated.
const registry = new Map<string, ErrorDeclaration>();

/**
 * Declares the errors of one namespace and returns a factory for each.
 * A malformed or repeated code, or a status that is no error, is a bug and throws while the module loads.
 */
export function declareErrors<Subcode extends string>(
  namespace: string,
  shapes: { readonly [S in Subcode]: Omit<ErrorDeclaration, 'code'> },
): DeclaredErrors<Subcode> {
  const factories: Record<string, FailureFactory> = {};
  const declarations: ErrorDeclaration[] = [];
  for (const [subcode, shape] of Object.entries<Omit<ErrorDeclaration, 'code'>>(shapes)) {
    const declaration = register(namespace, subcode, shape);
    declarations.push(declaration);
    factories[subcode] = (input) => failureOf(declaration, input);
  }
  return { ...factories, declarations } as DeclaredErrors<Subcode>;
}

/** Every declaration of the modules loaded so far, sorted by code. */
export function allErrorDeclarations(): readonly ErrorDeclaration[] {
  return [...registry.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

function register(namespace: string, subcode: string, shape: Omit<ErrorDeclaration, 'code'>): ErrorDeclaration {
  const code = `${namespace}.${subcode}`;
  if (!NAMESPACE.test(namespace) || !NAMESPACE.test(subcode)) throw new Error(`Malformed error code ${code}`);
  if (registry.has(code)) throw new Error(`Error code ${code} is declared twice`);
  if (shape.status < 400 || shape.status > 599) throw new Error(`Error code ${code} has status ${shape.status}`);
  const declaration = { code, status: shape.status, title: shape.title, help: shape.help };
  registry.set(code, declaration);
  return declaration;
}

function failureOf({ code, status, title }: ErrorDeclaration, input: FailureInput): Failure {
  return {
    code,
    status,
    title,
    detail: input.detail,
    // Absent members stay absent, so that failures compare and serialize without `undefined`.
    ...(input.errors && { errors: input.errors }),
    ...(input.members && { members: input.members }),
    ...(input.retryAfterSeconds !== undefined && { retryAfterSeconds: input.retryAfterSeconds }),
  };
}
