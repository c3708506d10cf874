"""Starts provisionService as the Python SDK sees it: names of design.md 7, inputs as plain JSON objects.

Usage: order_service.py ADDRESS NAMESPACE TASK_QUEUE JSON ; prints one JSON document.
"""

import asyncio
import json
import os
import sys
import uuid

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError


async def main() -> dict:
    address, namespace, task_queue, text = sys.argv[1:5]
    order = json.loads(text)
    client = await Client.connect(address, namespace=namespace)
    start = WithStartWorkflowOperation(
        "provisionService",
        order,
        id=f"provision/{order['service']['id']}",
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )
    try:
        answer = await client.execute_update_with_start_workflow(
            "addresses", order, id=str(uuid.uuid4()), start_workflow_operation=start
        )
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        assert isinstance(cause, ApplicationError)
        return {"type": cause.type, "failure": cause.details[0]}
    handle = await start.workflow_handle()
    standing = await handle.execute_update("setupFinished", {"ok": True}, id="report-1")
    return {"answer": answer, "standing": standing, "result": await handle.result()}


print(json.dumps(asyncio.run(main())), flush=True)
# The SDK's native threads may outlive the interpreter and crash its end.
os._exit(0)
