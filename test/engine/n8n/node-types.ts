/** The node and credential types that an n8n with our package knows: ours from their sources, n8n's own from n8n-nodes-base. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  NodeHelpers,
  type ICredentialType,
  type INodeType,
  type INodeTypes,
  type IVersionedNodeType,
  type LoadingDetails,
} from 'n8n-workflow';
import ours from '../../../package.json';

const REPOSITORY = join(__dirname, '../../..');

/** A node type by what it is called in a workflow file: "<package>.<node>". */
export class NodeTypes implements INodeTypes {
  private readonly loaded = new Map<string, INodeType | IVersionedNodeType>();

  getByName(type: string): INodeType | IVersionedNodeType {
    const known = this.loaded.get(type) ?? load<INodeType | IVersionedNodeType>('nodes', type);
    this.loaded.set(type, known);
    return known;
  }

  getByNameAndVersion(type: string, version?: number): INodeType {
    return NodeHelpers.getVersionedNodeType(this.getByName(type), version);
  }

  getKnownTypes() {
    return {};
  }
}

/** A credential type by its name. */
export function credentialType(name: string): ICredentialType {
  const own = OUR_CREDENTIALS.get(name);
  return own ? construct(own) : load<ICredentialType>('credentials', `n8n-nodes-base.${name}`);
}

const BASE = { nodes: known('nodes'), credentials: known('credentials') };
const OUR_NODES = sources(ours.n8n.nodes, '.node.js');
const OUR_CREDENTIALS = sources(ours.n8n.credentials, '.credentials.js');

/** What package.json names in dist/, as it is before it is built. */
function sources(files: readonly string[], ending: string): Map<string, LoadingDetails> {
  return new Map(
    files.map((file) => {
      const className = basename(file, ending);
      const name = className[0]!.toLowerCase() + className.slice(1);
      return [name, { className, sourcePath: join(REPOSITORY, file.replace(/^dist\//, '').replace(/\.js$/, '')) }];
    }),
  );
}

function load<Type>(kind: 'nodes' | 'credentials', fullName: string): Type {
  const [packageName, name] = fullName.split('.') as [string, string];
  const found = packageName === ours.name ? OUR_NODES.get(name) : packageName === 'n8n-nodes-base' && BASE[kind][name];
  if (!found) throw new Error(`Unrecognized type: ${fullName}`);
  return construct(found);
}

/** What n8n-nodes-base lists of itself. */
function known(kind: 'nodes' | 'credentials'): Record<string, LoadingDetails> {
  const folder = dirname(require.resolve('n8n-nodes-base/package.json'));
  const list = JSON.parse(readFileSync(join(folder, `dist/known/${kind}.json`), 'utf8')) as Record<
    string,
    LoadingDetails
  >;
  return Object.fromEntries(
    Object.entries(list).map(([name, { className, sourcePath }]) => [
      name,
      { className, sourcePath: join(folder, sourcePath) },
    ]),
  );
}

function construct<Type>({ className, sourcePath }: LoadingDetails): Type {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- which file it is follows from the workflow
  const loaded = require(sourcePath) as Record<string, new () => Type>;
  return new loaded[className]!();
}
