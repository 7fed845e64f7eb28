//! Volumes and what they are made from.

#![expect(non_upper_case_globals, reason = "types are named as in Go")]

use super::workload::{LabelSelector, ObjectMeta};
use super::{Part, go};

/// The sources that the restricted level does not allow, in the order in which Kubernetes looks for them.
pub(in crate::pod_security) const RESTRICTED: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

go! {
    struct Volume: VolumeSource { name: string = Part(Part::Name) }
    struct VolumeSource {
        awsElasticBlockStore: AWSElasticBlockStoreVolumeSource = Source, azureDisk: AzureDiskVolumeSource = Source,
        azureFile: AzureFileVolumeSource = Source, cephfs: CephFSVolumeSource = Source,
        cinder: CinderVolumeSource = Source, configMap: ConfigMapVolumeSource = Source, csi: CSIVolumeSource = Source,
        downwardAPI: DownwardAPIVolumeSource = Source, emptyDir: EmptyDirVolumeSource = Source,
        ephemeral: EphemeralVolumeSource = Source, fc: FCVolumeSource = Source, flexVolume: FlexVolumeSource = Source,
        flocker: FlockerVolumeSource = Source, gcePersistentDisk: GCEPersistentDiskVolumeSource = Source,
        gitRepo: GitRepoVolumeSource = Source, glusterfs: GlusterfsVolumeSource = Source,
        hostPath: HostPathVolumeSource = Source, image: ImageVolumeSource = Source, iscsi: ISCSIVolumeSource = Source,
        nfs: NFSVolumeSource = Source, persistentVolumeClaim: PersistentVolumeClaimVolumeSource = Source,
        photonPersistentDisk: PhotonPersistentDiskVolumeSource = Source, portworxVolume: PortworxVolumeSource = Source,
        projected: ProjectedVolumeSource = Source, quobyte: QuobyteVolumeSource = Source, rbd: RBDVolumeSource = Source,
        scaleIO: ScaleIOVolumeSource = Source, secret: SecretVolumeSource = Source,
        storageos: StorageOSVolumeSource = Source, vsphereVolume: VsphereVirtualDiskVolumeSource = Source,
    }
    struct HostPathVolumeSource { path: string = Part(Part::HostPath), type: "v1.HostPathType" }
    struct EmptyDirVolumeSource { medium: "v1.StorageMedium", sizeLimit: Quantity }
    struct GCEPersistentDiskVolumeSource { fsType: string, partition: int32, pdName: string, readOnly: bool }
    struct AWSElasticBlockStoreVolumeSource { fsType: string, partition: int32, readOnly: bool, volumeID: string }
    struct GitRepoVolumeSource { directory: string, repository: string, revision: string }
    struct SecretVolumeSource { defaultMode: int32, items: [KeyToPath], optional: bool, secretName: string }
    struct KeyToPath { key: string, mode: int32, path: string }
    struct NFSVolumeSource { path: string, readOnly: bool, server: string }
    struct ISCSIVolumeSource {
        chapAuthDiscovery: bool, chapAuthSession: bool, fsType: string, initiatorName: string, iqn: string,
        iscsiInterface: string, lun: int32, portals: [string], readOnly: bool, secretRef: LocalObjectReference,
        targetPortal: string,
    }
    struct LocalObjectReference { name: string }
    struct GlusterfsVolumeSource { endpoints: string, path: string, readOnly: bool }
    struct PersistentVolumeClaimVolumeSource { claimName: string, readOnly: bool }
    struct RBDVolumeSource {
        fsType: string, image: string, keyring: string, monitors: [string], pool: string, readOnly: bool,
        secretRef: LocalObjectReference, user: string,
    }
    struct FlexVolumeSource {
        driver: string, fsType: string, options: {string}, readOnly: bool, secretRef: LocalObjectReference,
    }
    struct CinderVolumeSource { fsType: string, readOnly: bool, secretRef: LocalObjectReference, volumeID: string }
    struct CephFSVolumeSource {
        monitors: [string], path: string, readOnly: bool, secretFile: string, secretRef: LocalObjectReference,
        user: string,
    }
    struct FlockerVolumeSource { datasetName: string, datasetUUID: string }
    struct DownwardAPIVolumeSource { defaultMode: int32, items: [DownwardAPIVolumeFile] }
    struct DownwardAPIVolumeFile {
        fieldRef: ObjectFieldSelector, mode: int32, path: string, resourceFieldRef: ResourceFieldSelector,
    }
    struct ObjectFieldSelector { apiVersion: string, fieldPath: string }
    struct ResourceFieldSelector { containerName: string, divisor: Quantity, resource: string }
    struct FCVolumeSource { fsType: string, lun: int32, readOnly: bool, targetWWNs: [string], wwids: [string] }
    struct AzureFileVolumeSource { readOnly: bool, secretName: string, shareName: string }
    struct ConfigMapVolumeSource: LocalObjectReference { defaultMode: int32, items: [KeyToPath], optional: bool }
    struct VsphereVirtualDiskVolumeSource {
        fsType: string, storagePolicyID: string, storagePolicyName: string, volumePath: string,
    }
    struct QuobyteVolumeSource {
        group: string, readOnly: bool, registry: string, tenant: string, user: string, volume: string,
    }
    struct AzureDiskVolumeSource {
        cachingMode: "v1.AzureDataDiskCachingMode", diskName: string, diskURI: string, fsType: string,
        kind: "v1.AzureDataDiskKind", readOnly: bool,
    }
    struct PhotonPersistentDiskVolumeSource { fsType: string, pdID: string }
    struct ProjectedVolumeSource { defaultMode: int32, sources: [VolumeProjection] }
    struct VolumeProjection {
        clusterTrustBundle: ClusterTrustBundleProjection, configMap: ConfigMapProjection,
        downwardAPI: DownwardAPIProjection, podCertificate: PodCertificateProjection, secret: SecretProjection,
        serviceAccountToken: ServiceAccountTokenProjection,
    }
    struct SecretProjection: LocalObjectReference { items: [KeyToPath], optional: bool }
    struct DownwardAPIProjection { items: [DownwardAPIVolumeFile] }
    struct ConfigMapProjection: LocalObjectReference { items: [KeyToPath], optional: bool }
    struct ServiceAccountTokenProjection { audience: string, expirationSeconds: int64, path: string }
    struct ClusterTrustBundleProjection {
        labelSelector: LabelSelector, name: string, optional: bool, path: string, signerName: string,
    }
    struct PodCertificateProjection {
        certificateChainPath: string, credentialBundlePath: string, keyPath: string, keyType: string,
        maxExpirationSeconds: int32, signerName: string, userAnnotations: {string},
    }
    struct PortworxVolumeSource { fsType: string, readOnly: bool, volumeID: string }
    struct ScaleIOVolumeSource {
        fsType: string, gateway: string, protectionDomain: string, readOnly: bool, secretRef: LocalObjectReference,
        sslEnabled: bool, storageMode: string, storagePool: string, system: string, volumeName: string,
    }
    struct StorageOSVolumeSource {
        fsType: string, readOnly: bool, secretRef: LocalObjectReference, volumeName: string, volumeNamespace: string,
    }
    struct CSIVolumeSource {
        driver: string, fsType: string, nodePublishSecretRef: LocalObjectReference, readOnly: bool,
        volumeAttributes: {string},
    }
    struct EphemeralVolumeSource { volumeClaimTemplate: PersistentVolumeClaimTemplate }
    struct PersistentVolumeClaimTemplate { metadata: ObjectMeta, spec: PersistentVolumeClaimSpec }
    struct PersistentVolumeClaimSpec {
        accessModes: ["v1.PersistentVolumeAccessMode"], dataSource: TypedLocalObjectReference,
        dataSourceRef: TypedObjectReference, resources: VolumeResourceRequirements, selector: LabelSelector,
        storageClassName: string, volumeAttributesClassName: string, volumeMode: "v1.PersistentVolumeMode",
        volumeName: string,
    }
    struct VolumeResourceRequirements { limits: {Quantity}, requests: {Quantity} }
    struct TypedLocalObjectReference { apiGroup: string, kind: string, name: string }
    struct TypedObjectReference { apiGroup: string, kind: string, name: string, namespace: string }
    struct ImageVolumeSource { pullPolicy: "v1.PullPolicy", reference: string }
}
