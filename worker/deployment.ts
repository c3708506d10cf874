import { type Client, isGrpcServiceError } from '@temporalio/client';
import { IptallyError } from './iptally-error.ts';

/** A worker deployment version: which build of which deployment a worker is. */
export interface Deployment {
  readonly deploymentName: string;
  readonly buildId: string;
}

const variables = { deploymentName: 'IPTALLY_DEPLOYMENT', buildId: 'IPTALLY_BUILD_ID' } as const;

/** Nothing: the worker is not versioned. Half a pair is refused: such a worker would be unversioned without a word. */
export function deploymentIn(env: Readonly<Record<string, string | undefined>>): Deployment | undefined {
  const deploymentName = env[variables.deploymentName] || undefined;
  const buildId = env[variables.buildId] || undefined;
  if (deploymentName !== undefined && buildId !== undefined) return { deploymentName, buildId };
  if (deploymentName === undefined && buildId === undefined) return undefined;
  const [missing, given] =
    buildId === undefined
      ? [variables.buildId, variables.deploymentName]
      : [variables.deploymentName, variables.buildId];
  throw new IptallyError({
    code: 'deployment-incomplete',
    message: `${given} is set and ${missing} is not: together they name the version of a worker`,
    field: missing,
    accepted: 'both, or neither for workers without versions',
    next: `set ${missing} too, or leave out ${given}`,
    exitStatus: 2,
  });
}

export interface Idle {
  readonly message: string;
  readonly next: string;
}

/** Why workers of this version get no new work, and the command that changes it; nothing when they do. */
export async function whyIdle(client: Client, version: Deployment): Promise<Idle | undefined> {
  const { deploymentName, buildId } = version;
  const current = await currentBuild(client, deploymentName);
  if (current === buildId) return undefined;
  const instead = current === undefined ? 'has no current version' : `has the current version ${current}`;
  const { namespace } = client.options;
  return {
    message: `deployment ${deploymentName} ${instead}: workers of build ${buildId} get no new work`,
    next:
      `make it current: temporal worker deployment set-current-version --namespace ${namespace} ` +
      `--deployment-name ${deploymentName} --build-id ${buildId}`,
  };
}

/** Nothing before its first version was made current; Temporal may not even know a deployment whose workers just began. */
async function currentBuild({ workflowService, options }: Client, deploymentName: string): Promise<string | undefined> {
  try {
    const { namespace } = options;
    const { workerDeploymentInfo } = await workflowService.describeWorkerDeployment({ namespace, deploymentName });
    return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? undefined;
  } catch (error) {
    const status: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
    if (status === grpcNotFound) return undefined;
    throw error;
  }
}

const grpcNotFound = 5;
