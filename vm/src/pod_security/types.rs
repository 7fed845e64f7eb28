//! The Go types that Kyverno decodes pods and their controllers into, as far as decoding can tell them apart.
//!
//! `encoding/json` refuses a value of the wrong type and names the type and the field, so all fields are here, also
//! those that no check reads. A field's [`Role`] says what the checks have to do with it. Kubernetes 1.36 (k8s.io/api
//! and k8s.io/apimachinery v0.36).

mod container;
mod pod;
mod status;
mod volume;
mod workload;

pub(super) use volume::RESTRICTED;
pub(super) use workload::{CronJob, Deployment, Pod};

/// A struct: its own name and fields, and those of the struct it embeds.
#[derive(Debug)]
pub(super) struct Struct {
    pub(super) name: &'static str,
    pub(super) embedded: Option<Embedded>,
    pub(super) fields: &'static [Field],
}

/// An embedded struct. Errors show the name of the Go field it is in.
#[derive(Debug)]
pub(super) struct Embedded {
    pub(super) name: &'static str,
    pub(super) of: &'static Struct,
}

/// A field, by its name in JSON.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) ty: Type,
    pub(super) role: Role,
}

/// The type of a field. Pointers are left out: they only matter to a `null`, which fits every type.
#[derive(Debug)]
pub(super) enum Type {
    Bool,
    Int32,
    Int64,
    /// A string, by the name of its type
    Text(&'static str),
    Time,
    Quantity,
    IntOrString,
    /// Takes whatever there is
    Any,
    Struct(&'static Struct),
    List(&'static Type),
    /// A map of strings to this, by the name of its type
    Map(&'static str, &'static Type),
}

impl Type {
    /// The type as Go's errors spell it.
    pub(super) fn go_name(&self) -> String {
        match *self {
            Type::Bool => "bool".to_owned(),
            Type::Int32 => "int32".to_owned(),
            Type::Int64 => "int64".to_owned(),
            Type::Text(name) | Type::Map(name, _) => name.to_owned(),
            Type::Time => "v1.Time".to_owned(),
            Type::Quantity => "resource.Quantity".to_owned(),
            Type::IntOrString => "intstr.IntOrString".to_owned(),
            Type::Any => "interface {}".to_owned(),
            Type::Struct(s) => format!("v1.{}", s.name),
            Type::List(of) => format!("[]{}", of.go_name()),
        }
    }
}

/// What a field is to the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing
    None,
    /// Something that is looked at
    Part(Part),
    /// Metadata; which of them is the pod's depends on the kind
    Metadata(Holder),
    /// A list of containers
    Containers(List),
    Volumes,
    Sysctls,
    /// What a volume is made from
    Source,
    HostPort,
    /// The host that a probe or a handler connects to
    Host,
}

/// Whose metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Pod,
    PodTemplate,
    JobTemplate,
}

/// One of a pod's lists of containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// `initContainers`
    Init,
    /// `containers`
    Main,
    /// `ephemeralContainers`
    Ephemeral,
}

impl List {
    /// The list's field.
    pub fn name(self) -> &'static str {
        match self {
            List::Init => "initContainers",
            List::Main => "containers",
            List::Ephemeral => "ephemeralContainers",
        }
    }
}

/// What checks look at; it stands at one place in a pod, in a container, or in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Part {
    Name,
    Image,
    Annotations,
    HostNetwork,
    HostPid,
    HostIpc,
    Os,
    OsName,
    Security,
    Privileged,
    Escalation,
    NonRoot,
    User,
    ProcMount,
    Capabilities,
    Added,
    Dropped,
    SeLinux,
    SeLinuxType,
    SeLinuxUser,
    SeLinuxRole,
    Seccomp,
    SeccompType,
    AppArmor,
    AppArmorType,
    Windows,
    HostProcess,
    /// The path of a volume's `hostPath`
    HostPath,
}

impl Part {
    /// The path in the specification of a pod, or in a container.
    pub(super) fn path(self) -> &'static str {
        match self {
            Part::Name => "name",
            Part::Image => "image",
            Part::Annotations => "annotations",
            Part::HostNetwork => "hostNetwork",
            Part::HostPid => "hostPID",
            Part::HostIpc => "hostIPC",
            Part::Os => "os",
            Part::OsName => "os.name",
            Part::Security => "securityContext",
            Part::Privileged => "securityContext.privileged",
            Part::Escalation => "securityContext.allowPrivilegeEscalation",
            Part::NonRoot => "securityContext.runAsNonRoot",
            Part::User => "securityContext.runAsUser",
            Part::ProcMount => "securityContext.procMount",
            Part::Capabilities => "securityContext.capabilities",
            Part::Added => "securityContext.capabilities.add",
            Part::Dropped => "securityContext.capabilities.drop",
            Part::SeLinux => "securityContext.seLinuxOptions",
            Part::SeLinuxType => "securityContext.seLinuxOptions.type",
            Part::SeLinuxUser => "securityContext.seLinuxOptions.user",
            Part::SeLinuxRole => "securityContext.seLinuxOptions.role",
            Part::Seccomp => "securityContext.seccompProfile",
            Part::SeccompType => "securityContext.seccompProfile.type",
            Part::AppArmor => "securityContext.appArmorProfile",
            Part::AppArmorType => "securityContext.appArmorProfile.type",
            Part::Windows => "securityContext.windowsOptions",
            Part::HostProcess => "securityContext.windowsOptions.hostProcess",
            Part::HostPath => "hostPath.path",
        }
    }

    /// The part that it is in.
    pub(super) fn parent(self) -> Option<Self> {
        match self {
            Part::Added | Part::Dropped => Some(Part::Capabilities),
            Part::SeLinuxType | Part::SeLinuxUser | Part::SeLinuxRole => Some(Part::SeLinux),
            Part::SeccompType => Some(Part::Seccomp),
            Part::AppArmorType => Some(Part::AppArmor),
            Part::HostProcess => Some(Part::Windows),
            Part::OsName => Some(Part::Os),
            Part::Privileged | Part::Escalation | Part::NonRoot | Part::User | Part::ProcMount => Some(Part::Security),
            Part::Capabilities | Part::SeLinux | Part::Seccomp | Part::AppArmor | Part::Windows => Some(Part::Security),
            _ => None,
        }
    }
}

/// How many parts there are.
pub(super) const PARTS: usize = Part::HostPath as usize + 1;

/// Declares structs nearly as Go writes them: a name in quotes is a string type of that name, `[T]` a list, `{T}` a map
/// of strings to `T`, and `= ..` a field's role.
macro_rules! go {
    ($(
        struct $name:ident $(: $embedded:ident $(= $of:ident)?)? {
            $($field:ident: $ty:tt $(= $role:ident $(($detail:expr))?)?),* $(,)?
        }
    )*) => {$(
        pub(in crate::pod_security) static $name: $crate::pod_security::types::Struct =
            $crate::pod_security::types::Struct {
                name: stringify!($name),
                embedded: go!(@embedded $($embedded $($of)?)?),
                fields: &[$(
                    $crate::pod_security::types::Field {
                        name: stringify!($field),
                        ty: go!(@type $ty),
                        role: go!(@role $($role $(($detail))?)?),
                    },
                )*],
            };
    )*};
    (@embedded) => { None };
    (@embedded $name:ident) => { go!(@embedded $name $name) };
    (@embedded $name:ident $of:ident) => {
        Some($crate::pod_security::types::Embedded { name: stringify!($name), of: &$of })
    };
    (@role) => { $crate::pod_security::types::Role::None };
    (@role $role:ident $(($detail:expr))?) => { $crate::pod_security::types::Role::$role$(($detail))? };
    (@type bool) => { $crate::pod_security::types::Type::Bool };
    (@type int32) => { $crate::pod_security::types::Type::Int32 };
    (@type int64) => { $crate::pod_security::types::Type::Int64 };
    (@type string) => { $crate::pod_security::types::Type::Text("string") };
    (@type Time) => { $crate::pod_security::types::Type::Time };
    (@type Quantity) => { $crate::pod_security::types::Type::Quantity };
    (@type IntOrString) => { $crate::pod_security::types::Type::IntOrString };
    (@type any) => { $crate::pod_security::types::Type::Any };
    (@type $name:literal) => { $crate::pod_security::types::Type::Text($name) };
    (@type $name:ident) => { $crate::pod_security::types::Type::Struct(&$name) };
    (@type [$of:tt]) => { $crate::pod_security::types::Type::List(&go!(@type $of)) };
    (@type {string}) => { $crate::pod_security::types::Type::Map("map[string]string", &go!(@type string)) };
    (@type {Quantity}) => { $crate::pod_security::types::Type::Map("v1.ResourceList", &go!(@type Quantity)) };
    (@type {$of:tt $name:literal}) => { $crate::pod_security::types::Type::Map($name, &go!(@type $of)) };
}
use go;

/// The fields of metadata.
pub(super) fn metadata() -> impl Iterator<Item = &'static str> {
    workload::ObjectMeta.fields.iter().map(|f| f.name)
}
