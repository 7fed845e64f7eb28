//! What controllers report. Clients write it too, so it may be of any form.

#![expect(non_upper_case_globals, reason = "types are named as in Go")]

use super::container::ResourceRequirements;
use super::go;

go! {
    struct PodStatus {
        allocatedResources: {Quantity}, conditions: [PodCondition], containerStatuses: [ContainerStatus],
        ephemeralContainerStatuses: [ContainerStatus], extendedResourceClaimStatus: PodExtendedResourceClaimStatus,
        hostIP: string, hostIPs: [HostIP], initContainerStatuses: [ContainerStatus], message: string,
        nodeAllocatableResourceClaimStatuses: [NodeAllocatableResourceClaimStatus], nominatedNodeName: string,
        observedGeneration: int64, phase: "v1.PodPhase", podIP: string, podIPs: [PodIP], qosClass: "v1.PodQOSClass",
        reason: string, resize: "v1.PodResizeStatus", resourceClaimStatuses: [PodResourceClaimStatus],
        resources: ResourceRequirements, startTime: Time,
    }
    struct PodCondition {
        lastProbeTime: Time, lastTransitionTime: Time, message: string, observedGeneration: int64, reason: string,
        status: "v1.ConditionStatus", type: "v1.PodConditionType",
    }
    struct HostIP { ip: string }
    struct PodIP { ip: string }
    struct ContainerStatus {
        allocatedResources: {Quantity}, allocatedResourcesStatus: [ResourceStatus], containerID: string, image: string,
        imageID: string, lastState: ContainerState, name: string, ready: bool, resources: ResourceRequirements,
        restartCount: int32, started: bool, state: ContainerState, stopSignal: "v1.Signal", user: ContainerUser,
        volumeMounts: [VolumeMountStatus],
    }
    struct ContainerState {
        running: ContainerStateRunning, terminated: ContainerStateTerminated, waiting: ContainerStateWaiting,
    }
    struct ContainerStateWaiting { message: string, reason: string }
    struct ContainerStateRunning { startedAt: Time }
    struct ContainerStateTerminated {
        containerID: string, exitCode: int32, finishedAt: Time, message: string, reason: string, signal: int32,
        startedAt: Time,
    }
    struct VolumeMountStatus {
        mountPath: string, name: string, readOnly: bool, recursiveReadOnly: "v1.RecursiveReadOnlyMode",
        volumeStatus: VolumeStatus,
    }
    struct VolumeStatus { image: ImageVolumeStatus }
    struct ImageVolumeStatus { imageRef: string }
    struct ContainerUser { linux: LinuxContainerUser }
    struct LinuxContainerUser { gid: int64, supplementalGroups: [int64], uid: int64 }
    struct ResourceStatus { name: "v1.ResourceName", resources: [ResourceHealth] }
    struct ResourceHealth { health: "v1.ResourceHealthStatus", message: string, resourceID: "v1.ResourceID" }
    struct PodResourceClaimStatus { name: string, resourceClaimName: string }
    struct PodExtendedResourceClaimStatus {
        requestMappings: [ContainerExtendedResourceRequest], resourceClaimName: string,
    }
    struct ContainerExtendedResourceRequest { containerName: string, requestName: string, resourceName: string }
    struct NodeAllocatableResourceClaimStatus {
        containers: [string], resourceClaimName: string, resources: {Quantity "map[v1.ResourceName]resource.Quantity"},
    }
    struct DeploymentStatus {
        availableReplicas: int32, collisionCount: int32, conditions: [DeploymentCondition], observedGeneration: int64,
        readyReplicas: int32, replicas: int32, terminatingReplicas: int32, unavailableReplicas: int32,
        updatedReplicas: int32,
    }
    struct DeploymentCondition {
        lastTransitionTime: Time, lastUpdateTime: Time, message: string, reason: string, status: "v1.ConditionStatus",
        type: "v1.DeploymentConditionType",
    }
    struct CronJobStatus { active: [ObjectReference], lastScheduleTime: Time, lastSuccessfulTime: Time }
    struct ObjectReference {
        apiVersion: string, fieldPath: string, kind: string, name: string, namespace: string, resourceVersion: string,
        uid: "types.UID",
    }
}
