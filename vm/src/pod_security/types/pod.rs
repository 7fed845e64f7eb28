//! The specification of a pod, without containers and volumes.

#![expect(non_upper_case_globals, reason = "types are named as in Go")]

use super::container::{
    AppArmorProfile, Container, EphemeralContainer, ResourceRequirements, SELinuxOptions, SeccompProfile,
    WindowsSecurityContextOptions,
};
use super::volume::{LocalObjectReference, Volume};
use super::workload::LabelSelector;
use super::{List, Part, go};

go! {
    struct PodSpec {
        activeDeadlineSeconds: int64, affinity: Affinity, automountServiceAccountToken: bool,
        containers: [Container] = Containers(List::Main), dnsConfig: PodDNSConfig, dnsPolicy: "v1.DNSPolicy",
        enableServiceLinks: bool, ephemeralContainers: [EphemeralContainer] = Containers(List::Ephemeral),
        hostAliases: [HostAlias], hostIPC: bool = Part(Part::HostIpc), hostNetwork: bool = Part(Part::HostNetwork),
        hostPID: bool = Part(Part::HostPid), hostUsers: bool, hostname: string, hostnameOverride: string,
        imagePullSecrets: [LocalObjectReference], initContainers: [Container] = Containers(List::Init),
        nodeName: string, nodeSelector: {string}, os: PodOS = Part(Part::Os), overhead: {Quantity},
        preemptionPolicy: "v1.PreemptionPolicy", priority: int32, priorityClassName: string,
        readinessGates: [PodReadinessGate], resourceClaims: [PodResourceClaim], resources: ResourceRequirements,
        restartPolicy: "v1.RestartPolicy", runtimeClassName: string, schedulerName: string,
        schedulingGates: [PodSchedulingGate], schedulingGroup: PodSchedulingGroup,
        securityContext: PodSecurityContext = Part(Part::Security), serviceAccount: string, serviceAccountName: string,
        setHostnameAsFQDN: bool, shareProcessNamespace: bool, subdomain: string, terminationGracePeriodSeconds: int64,
        tolerations: [Toleration], topologySpreadConstraints: [TopologySpreadConstraint], volumes: [Volume] = Volumes,
    }
    struct PodSecurityContext {
        appArmorProfile: AppArmorProfile = Part(Part::AppArmor), fsGroup: int64,
        fsGroupChangePolicy: "v1.PodFSGroupChangePolicy", runAsGroup: int64, runAsNonRoot: bool = Part(Part::NonRoot),
        runAsUser: int64 = Part(Part::User), seLinuxChangePolicy: "v1.PodSELinuxChangePolicy",
        seLinuxOptions: SELinuxOptions = Part(Part::SeLinux), seccompProfile: SeccompProfile = Part(Part::Seccomp),
        supplementalGroups: [int64], supplementalGroupsPolicy: "v1.SupplementalGroupsPolicy",
        sysctls: [Sysctl] = Sysctls, windowsOptions: WindowsSecurityContextOptions = Part(Part::Windows),
    }
    struct Sysctl { name: string = Part(Part::Name), value: string }
    struct Affinity { nodeAffinity: NodeAffinity, podAffinity: PodAffinity, podAntiAffinity: PodAntiAffinity }
    struct NodeAffinity {
        preferredDuringSchedulingIgnoredDuringExecution: [PreferredSchedulingTerm],
        requiredDuringSchedulingIgnoredDuringExecution: NodeSelector,
    }
    struct NodeSelector { nodeSelectorTerms: [NodeSelectorTerm] }
    struct NodeSelectorTerm { matchExpressions: [NodeSelectorRequirement], matchFields: [NodeSelectorRequirement] }
    struct NodeSelectorRequirement { key: string, operator: "v1.NodeSelectorOperator", values: [string] }
    struct PreferredSchedulingTerm { preference: NodeSelectorTerm, weight: int32 }
    struct PodAffinity {
        preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodAffinityTerm],
        requiredDuringSchedulingIgnoredDuringExecution: [PodAffinityTerm],
    }
    struct PodAffinityTerm {
        labelSelector: LabelSelector, matchLabelKeys: [string], mismatchLabelKeys: [string],
        namespaceSelector: LabelSelector, namespaces: [string], topologyKey: string,
    }
    struct WeightedPodAffinityTerm { podAffinityTerm: PodAffinityTerm, weight: int32 }
    struct PodAntiAffinity {
        preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodAffinityTerm],
        requiredDuringSchedulingIgnoredDuringExecution: [PodAffinityTerm],
    }
    struct Toleration {
        effect: "v1.TaintEffect", key: string, operator: "v1.TolerationOperator", tolerationSeconds: int64,
        value: string,
    }
    struct HostAlias { hostnames: [string], ip: string }
    struct PodDNSConfig { nameservers: [string], options: [PodDNSConfigOption], searches: [string] }
    struct PodDNSConfigOption { name: string, value: string }
    struct PodReadinessGate { conditionType: "v1.PodConditionType" }
    struct TopologySpreadConstraint {
        labelSelector: LabelSelector, matchLabelKeys: [string], maxSkew: int32, minDomains: int32,
        nodeAffinityPolicy: "v1.NodeInclusionPolicy", nodeTaintsPolicy: "v1.NodeInclusionPolicy", topologyKey: string,
        whenUnsatisfiable: "v1.UnsatisfiableConstraintAction",
    }
    struct PodOS { name: "v1.OSName" = Part(Part::OsName) }
    struct PodSchedulingGate { name: string }
    struct PodResourceClaim { name: string, resourceClaimName: string, resourceClaimTemplateName: string }
    struct PodSchedulingGroup { podGroupName: string }
}
