"""What the UI asks of Dagster, in its own words: GraphQL."""

from __future__ import annotations

PLACE = {"repositoryName": "__repository__", "repositoryLocationName": "productlane"}
"""Where our assets and schedules are, within the workspace."""

LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
AGAIN = """mutation($params: ReexecutionParams!) {
    launchRunReexecution(reexecutionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
BACKFILL = """mutation($params: LaunchBackfillParams!) {
    launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL_IS = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status runs { runId status } } } }"""
RUN = """query($id: ID!) { runOrError(runId: $id) { ... on Run { status
    eventConnection { events { __typename
        ... on MessageEvent { message }
        ... on ExecutionStepStartEvent { stepKey }
        ... on ExecutionStepFailureEvent { stepKey failureMetadata { metadataEntries {
            label ... on TextMetadataEntry { text } ... on IntMetadataEntry { intValue } } }
            error { message } } } } } } }"""
ASSET = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    groupName kinds isPartitioned
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { startKey endKey status } } }
    assetMaterializations(limit: 60) { partition runId metadataEntries {
        label ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text }
        ... on FloatMetadataEntry { floatValue } } }
    assetChecksOrError { ... on AssetChecks { checks { name blocking
        executionForLatestMaterialization { status evaluation { severity } } } } } } } }"""
TICK = """mutation($selector: ScheduleSelector!, $at: Float) {
    scheduleDryRun(selectorData: $selector, timestamp: $at) {
    __typename ... on DryRunInstigationTick { evaluationResult { skipReason
        runRequests { tags { key value } } error { message } } }
    ... on PythonError { message } } }"""
TERMINATE = """mutation($id: String!, $policy: TerminateRunPolicy) {
    terminateRun(runId: $id, terminatePolicy: $policy) {
    __typename ... on TerminateRunSuccess { run { runId } } ... on TerminateRunFailure { message }
    ... on PythonError { message } } }"""
DELETE = """mutation($id: String!) { deletePipelineRun(runId: $id) {
    __typename ... on PythonError { message } } }"""
START = """mutation($selector: ScheduleSelector!) { startSchedule(scheduleSelector: $selector) {
    __typename ... on ScheduleStateResult { scheduleState { id status } }
    ... on PythonError { message } } }"""
STOP = """mutation($id: String!) { stopRunningSchedule(id: $id) {
    __typename ... on ScheduleStateResult { scheduleState { status } }
    ... on PythonError { message } } }"""
RUNS = """{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"""
