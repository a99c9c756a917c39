import type { IDataObject, INodeExecutionData, IRun, WorkflowExecuteMode } from 'n8n-workflow';
import type { WorkflowFile } from './workflow-file';

/** One run of a workflow, as n8n's list of executions would show it. */
export class Execution {
  constructor(
    readonly id: string,
    readonly workflow: WorkflowFile,
    readonly mode: WorkflowExecuteMode,
    readonly run: IRun,
  ) {}

  get status(): string {
    return this.run.status;
  }

  /** What stopped it. */
  get error(): string | undefined {
    return this.run.data.resultData.error?.message;
  }

  /** The nodes that ran, in order; one that ran again is named again. */
  get ran(): string[] {
    return Object.entries(this.run.data.resultData.runData)
      .flatMap(([name, runs]) => runs.map(({ executionIndex }) => ({ name, executionIndex })))
      .sort((a, b) => a.executionIndex - b.executionIndex)
      .map(({ name }) => name);
  }

  /** What left a node by one of its outputs, over all its runs. */
  items(node: string, output = 0): INodeExecutionData[] {
    const runs = this.run.data.resultData.runData[node] ?? [];
    return runs.flatMap(({ data }) => data?.main?.[output] ?? []);
  }

  json(node: string, output = 0): IDataObject[] {
    return this.items(node, output).map(({ json }) => json);
  }
}
