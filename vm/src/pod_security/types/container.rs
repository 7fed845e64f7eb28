//! Containers and what is in them.

#![expect(non_upper_case_globals, reason = "types are named as in Go")]

use super::volume::{LocalObjectReference, ObjectFieldSelector, ResourceFieldSelector};
use super::{Part, go};

go! {
    struct Container {
        args: [string], command: [string], env: [EnvVar], envFrom: [EnvFromSource], image: string = Part(Part::Image),
        imagePullPolicy: "v1.PullPolicy", lifecycle: Lifecycle, livenessProbe: Probe, name: string = Part(Part::Name),
        ports: [ContainerPort], readinessProbe: Probe, resizePolicy: [ContainerResizePolicy],
        resources: ResourceRequirements, restartPolicy: "v1.ContainerRestartPolicy",
        restartPolicyRules: [ContainerRestartRule], securityContext: SecurityContext = Part(Part::Security),
        startupProbe: Probe, stdin: bool, stdinOnce: bool, terminationMessagePath: string,
        terminationMessagePolicy: "v1.TerminationMessagePolicy", tty: bool, volumeDevices: [VolumeDevice],
        volumeMounts: [VolumeMount], workingDir: string,
    }
    struct EphemeralContainer: EphemeralContainerCommon = Container { targetContainerName: string }
    struct ContainerPort {
        containerPort: int32, hostIP: string, hostPort: int32 = HostPort, name: string, protocol: "v1.Protocol",
    }
    struct EnvFromSource { configMapRef: ConfigMapEnvSource, prefix: string, secretRef: SecretEnvSource }
    struct ConfigMapEnvSource: LocalObjectReference { optional: bool }
    struct SecretEnvSource: LocalObjectReference { optional: bool }
    struct EnvVar { name: string, value: string, valueFrom: EnvVarSource }
    struct EnvVarSource {
        configMapKeyRef: ConfigMapKeySelector, fieldRef: ObjectFieldSelector, fileKeyRef: FileKeySelector,
        resourceFieldRef: ResourceFieldSelector, secretKeyRef: SecretKeySelector,
    }
    struct ConfigMapKeySelector: LocalObjectReference { key: string, optional: bool }
    struct SecretKeySelector: LocalObjectReference { key: string, optional: bool }
    struct FileKeySelector { key: string, optional: bool, path: string, volumeName: string }
    struct ResourceRequirements { claims: [ResourceClaim], limits: {Quantity}, requests: {Quantity} }
    struct ResourceClaim { name: string, request: string }
    struct ContainerResizePolicy { resourceName: "v1.ResourceName", restartPolicy: "v1.ResourceResizeRestartPolicy" }
    struct ContainerRestartRule { action: "v1.ContainerRestartRuleAction", exitCodes: ContainerRestartRuleOnExitCodes }
    struct ContainerRestartRuleOnExitCodes { operator: "v1.ContainerRestartRuleOnExitCodesOperator", values: [int32] }
    struct VolumeMount {
        mountPath: string, mountPropagation: "v1.MountPropagationMode", name: string, readOnly: bool,
        recursiveReadOnly: "v1.RecursiveReadOnlyMode", subPath: string, subPathExpr: string,
    }
    struct VolumeDevice { devicePath: string, name: string }
    struct Probe: ProbeHandler {
        failureThreshold: int32, initialDelaySeconds: int32, periodSeconds: int32, successThreshold: int32,
        terminationGracePeriodSeconds: int64, timeoutSeconds: int32,
    }
    struct ProbeHandler { exec: ExecAction, grpc: GRPCAction, httpGet: HTTPGetAction, tcpSocket: TCPSocketAction }
    struct ExecAction { command: [string] }
    struct HTTPGetAction {
        host: string = Host, httpHeaders: [HTTPHeader], path: string, port: IntOrString, scheme: "v1.URIScheme",
    }
    struct HTTPHeader { name: string, value: string }
    struct TCPSocketAction { host: string = Host, port: IntOrString }
    struct GRPCAction { port: int32, service: string }
    struct Lifecycle { postStart: LifecycleHandler, preStop: LifecycleHandler, stopSignal: "v1.Signal" }
    struct LifecycleHandler { exec: ExecAction, httpGet: HTTPGetAction, sleep: SleepAction, tcpSocket: TCPSocketAction }
    struct SleepAction { seconds: int64 }
    struct SecurityContext {
        allowPrivilegeEscalation: bool = Part(Part::Escalation),
        appArmorProfile: AppArmorProfile = Part(Part::AppArmor), capabilities: Capabilities = Part(Part::Capabilities),
        privileged: bool = Part(Part::Privileged), procMount: "v1.ProcMountType" = Part(Part::ProcMount),
        readOnlyRootFilesystem: bool, runAsGroup: int64, runAsNonRoot: bool = Part(Part::NonRoot),
        runAsUser: int64 = Part(Part::User), seLinuxOptions: SELinuxOptions = Part(Part::SeLinux),
        seccompProfile: SeccompProfile = Part(Part::Seccomp),
        windowsOptions: WindowsSecurityContextOptions = Part(Part::Windows),
    }
    struct Capabilities { add: ["v1.Capability"] = Part(Part::Added), drop: ["v1.Capability"] = Part(Part::Dropped) }
    struct SELinuxOptions {
        level: string, role: string = Part(Part::SeLinuxRole), type: string = Part(Part::SeLinuxType),
        user: string = Part(Part::SeLinuxUser),
    }
    struct WindowsSecurityContextOptions {
        gmsaCredentialSpec: string, gmsaCredentialSpecName: string, hostProcess: bool = Part(Part::HostProcess),
        runAsUserName: string,
    }
    struct SeccompProfile { localhostProfile: string, type: "v1.SeccompProfileType" = Part(Part::SeccompType) }
    struct AppArmorProfile { localhostProfile: string, type: "v1.AppArmorProfileType" = Part(Part::AppArmorType) }
}
