import {
  ICredentialsHelper,
  isExpression,
  type IAuthenticate,
  type ICredentialDataDecryptedObject,
  type ICredentials,
  type IHttpRequestOptions,
  type INode,
  type INodeCredentialsDetails,
  type INodeProperties,
  type Workflow,
} from 'n8n-workflow';
import { credentialType } from './node-types';

/** The credentials that are stored, by type. */
export type StoredCredentials = Readonly<Record<string, ICredentialDataDecryptedObject>>;

/** Hosts that n8n's own nodes call by a fixed address, and what stands for them here: "https://slack.com" -> a loopback. */
export type StandIns = Readonly<Record<string, string>>;

/**
 * Gives nodes their credentials and signs their requests as the class of the same name in n8n does, which comes with all of
 * n8n and not with its engine; without n8n's database and encryption below it.
 */
export class CredentialsHelper extends ICredentialsHelper {
  constructor(
    private readonly stored: StoredCredentials,
    private readonly standIns: StandIns,
  ) {
    super();
  }

  async getDecrypted(_: unknown, { name }: INodeCredentialsDetails, type: string) {
    const data = this.stored[type];
    if (data === undefined)
      throw new Error(`No credential of the type "${type}" is stored (the node asks for "${name}")`);
    const defaults = credentialType(type).properties.map((property) => [property.name, property.default]);
    return { ...Object.fromEntries(defaults), ...data } as ICredentialDataDecryptedObject;
  }

  async authenticate(
    credentials: ICredentialDataDecryptedObject,
    type: string,
    options: IHttpRequestOptions,
    workflow: Workflow,
    node: INode,
  ): Promise<IHttpRequestOptions> {
    const { authenticate } = credentialType(type);
    const signed =
      typeof authenticate === 'function'
        ? await authenticate(credentials, options)
        : declared(authenticate, options, (text) => resolved(text, { $credentials: credentials }, workflow, node));
    return this.redirected(signed);
  }

  getCredentialsProperties(type: string): INodeProperties[] {
    return credentialType(type).properties;
  }

  getParentTypes(type: string): string[] {
    return credentialType(type).extends ?? [];
  }

  isCredentialUsableByNode(): boolean {
    return true;
  }

  async preAuthentication() {
    return undefined;
  }

  async runPreAuthentication() {
    return undefined;
  }

  getCredentials(): Promise<ICredentials> {
    return this.notHere();
  }

  updateCredentials(): Promise<void> {
    return this.notHere();
  }

  updateCredentialsOauthTokenData(): Promise<void> {
    return this.notHere();
  }

  private redirected(options: IHttpRequestOptions): IHttpRequestOptions {
    // n8n's older nodes say `uri`.
    const addressed = options as IHttpRequestOptions & { uri?: string };
    for (const field of ['url', 'uri'] as const) {
      const address = addressed[field];
      const host = Object.keys(this.standIns).find((each) => address?.startsWith(`${each}/`));
      if (address && host) addressed[field] = this.standIns[host] + address.slice(host.length);
    }
    return addressed;
  }

  private notHere(): never {
    throw new Error('Nothing here stores credentials');
  }
}

/** A credential type's own declaration of headers, query and body, filled in. */
function declared(
  authenticate: Exclude<IAuthenticate, (...args: never[]) => unknown> | undefined,
  options: IHttpRequestOptions,
  resolve: (text: string) => string,
): IHttpRequestOptions {
  const target = options as unknown as Record<string, Record<string, string>>;
  for (const [part, fields] of Object.entries(authenticate?.properties ?? {})) {
    target[part] ??= {};
    for (const [name, value] of Object.entries(fields as Record<string, string>))
      target[part][resolve(name)] = resolve(value);
  }
  return options;
}

function resolved(
  text: string,
  keys: { $credentials: ICredentialDataDecryptedObject },
  workflow: Workflow,
  node: INode,
) {
  if (!isExpression(text)) return text;
  return String(workflow.expression.getSimpleParameterValue(node, text, 'internal', keys, undefined, '') || '');
}
