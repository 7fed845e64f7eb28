//! Pods, controllers and their metadata. Most controllers are decoded as Deployments.
//!
//! Kyverno: pkg/engine/handlers/validation/validate_pss.go, getSpec

#![expect(non_upper_case_globals, reason = "types are named as in Go")]

use super::pod::PodSpec;
use super::status::{CronJobStatus, DeploymentStatus, PodStatus};
use super::{Holder, Part, go};

go! {
    struct TypeMeta { apiVersion: string, kind: string }
    struct Pod: TypeMeta { metadata: ObjectMeta = Metadata(Holder::Pod), spec: PodSpec, status: PodStatus }
    struct Deployment: TypeMeta { metadata: ObjectMeta, spec: DeploymentSpec, status: DeploymentStatus }
    struct DeploymentSpec {
        minReadySeconds: int32, paused: bool, progressDeadlineSeconds: int32, replicas: int32,
        revisionHistoryLimit: int32, selector: LabelSelector, strategy: DeploymentStrategy, template: PodTemplateSpec,
    }
    struct DeploymentStrategy { rollingUpdate: RollingUpdateDeployment, type: "v1.DeploymentStrategyType" }
    struct RollingUpdateDeployment { maxSurge: IntOrString, maxUnavailable: IntOrString }
    struct CronJob: TypeMeta { metadata: ObjectMeta, spec: CronJobSpec, status: CronJobStatus }
    struct CronJobSpec {
        concurrencyPolicy: "v1.ConcurrencyPolicy", failedJobsHistoryLimit: int32, jobTemplate: JobTemplateSpec,
        schedule: string, startingDeadlineSeconds: int64, successfulJobsHistoryLimit: int32, suspend: bool,
        timeZone: string,
    }
    struct JobTemplateSpec { metadata: ObjectMeta = Metadata(Holder::JobTemplate), spec: JobSpec }
    struct JobSpec {
        activeDeadlineSeconds: int64, backoffLimit: int32, backoffLimitPerIndex: int32,
        completionMode: "v1.CompletionMode", completions: int32, managedBy: string, manualSelector: bool,
        maxFailedIndexes: int32, parallelism: int32, podFailurePolicy: PodFailurePolicy,
        podReplacementPolicy: "v1.PodReplacementPolicy", selector: LabelSelector, successPolicy: SuccessPolicy,
        suspend: bool, template: PodTemplateSpec, ttlSecondsAfterFinished: int32,
    }
    struct PodFailurePolicy { rules: [PodFailurePolicyRule] }
    struct PodFailurePolicyRule {
        action: "v1.PodFailurePolicyAction", onExitCodes: PodFailurePolicyOnExitCodesRequirement,
        onPodConditions: [PodFailurePolicyOnPodConditionsPattern],
    }
    struct PodFailurePolicyOnExitCodesRequirement {
        containerName: string, operator: "v1.PodFailurePolicyOnExitCodesOperator", values: [int32],
    }
    struct PodFailurePolicyOnPodConditionsPattern { status: "v1.ConditionStatus", type: "v1.PodConditionType" }
    struct SuccessPolicy { rules: [SuccessPolicyRule] }
    struct SuccessPolicyRule { succeededCount: int32, succeededIndexes: string }
    struct PodTemplateSpec { metadata: ObjectMeta = Metadata(Holder::PodTemplate), spec: PodSpec }
    struct ObjectMeta {
        annotations: {string} = Part(Part::Annotations), creationTimestamp: Time, deletionGracePeriodSeconds: int64,
        deletionTimestamp: Time, finalizers: [string], generateName: string, generation: int64, labels: {string},
        managedFields: [ManagedFieldsEntry], name: string, namespace: string, ownerReferences: [OwnerReference],
        resourceVersion: string, selfLink: string, uid: "types.UID",
    }
    struct OwnerReference {
        apiVersion: string, blockOwnerDeletion: bool, controller: bool, kind: string, name: string, uid: "types.UID",
    }
    struct ManagedFieldsEntry {
        apiVersion: string, fieldsType: string, fieldsV1: any, manager: string,
        operation: "v1.ManagedFieldsOperationType", subresource: string, time: Time,
    }
    struct LabelSelector { matchExpressions: [LabelSelectorRequirement], matchLabels: {string} }
    struct LabelSelectorRequirement { key: string, operator: "v1.LabelSelectorOperator", values: [string] }
}
