//! The structs of Kyverno's command line: apis/v1alpha1, and what they use of Kubernetes.

/// A Go type, as far as reading a file depends on it.
#[derive(Debug)]
pub enum Type {
    /// `string`
    String,
    /// A string with a type name of its own
    Named(&'static str),
    /// `bool`
    Bool,
    /// A whole number
    Int(&'static str),
    /// A time
    Time,
    /// Anything
    Any,
    /// An object of Kubernetes
    Object,
    /// `[]T`
    List(&'static Type),
    /// `[]string` with a type name of its own
    Strings(&'static str),
    /// `map[string]T`
    Map(&'static Type),
    /// A struct
    Struct(&'static Struct),
}

/// A struct with its fields.
#[derive(Debug)]
pub struct Struct {
    name: &'static str,
    fields: &'static [Field],
}

/// A field, and the embedded struct it is in.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) inside: Option<&'static str>,
    pub(super) ty: &'static Type,
}

impl Type {
    /// The type as Go prints it.
    pub(super) fn name(&self) -> String {
        match self {
            Type::String => "string".to_owned(),
            Type::Named(name) | Type::Int(name) | Type::Strings(name) => (*name).to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Time => "v1.Time".to_owned(),
            Type::Any => "interface {}".to_owned(),
            Type::Object => "unstructured.Unstructured".to_owned(),
            Type::List(item) => format!("[]{}", item.name()),
            Type::Map(item) => format!("map[string]{}", item.name()),
            Type::Struct(of) => of.name.to_owned(),
        }
    }
}

impl Struct {
    /// The name without its package.
    pub(super) fn short(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// The field for a key: the one of that name, else one that differs only in case.
    pub(super) fn field(&self, key: &str) -> Option<&'static Field> {
        let same = self.fields.iter().find(|f| f.name == key);
        same.or_else(|| self.fields.iter().find(|f| f.name.eq_ignore_ascii_case(key)))
    }
}

/// Declares a struct; fields of embedded structs stand behind the name of those.
macro_rules! go_struct {
    ($vis:vis $id:ident = $name:literal { $($field:literal: $ty:expr,)* } $($inside:literal { $($of:literal: $in:expr,)* })*) => {
        #[doc = concat!("`", $name, "`")]
        $vis static $id: Type = Type::Struct(&Struct {
            name: $name,
            fields: &[
                $(Field { name: $field, inside: None, ty: $ty },)*
                $($(Field { name: $of, inside: Some($inside), ty: $in },)*)*
            ],
        });
    };
}

static STRINGS: Type = Type::List(&Type::String);
static LABELS: Type = Type::Map(&Type::String);
/// `map[string]interface {}`
pub static ANYTHING: Type = Type::Map(&Type::Any);

go_struct!(OBJECT_META = "v1.ObjectMeta" {
    "name": &Type::String,
    "generateName": &Type::String,
    "namespace": &Type::String,
    "selfLink": &Type::String,
    "uid": &Type::Named("types.UID"),
    "resourceVersion": &Type::String,
    "generation": &Type::Int("int64"),
    "creationTimestamp": &Type::Time,
    "deletionTimestamp": &Type::Time,
    "deletionGracePeriodSeconds": &Type::Int("int64"),
    "labels": &LABELS,
    "annotations": &LABELS,
    "ownerReferences": &Type::List(&OWNER_REFERENCE),
    "finalizers": &STRINGS,
    "managedFields": &Type::List(&Type::Any),
});

go_struct!(OWNER_REFERENCE = "v1.OwnerReference" {
    "apiVersion": &Type::String,
    "kind": &Type::String,
    "name": &Type::String,
    "uid": &Type::Named("types.UID"),
    "controller": &Type::Bool,
    "blockOwnerDeletion": &Type::Bool,
});

go_struct!(pub TEST = "v1alpha1.Test" {
    "metadata": &OBJECT_META,
    "name": &Type::String,
    "policies": &STRINGS,
    "resources": &STRINGS,
    "jsonPayload": &Type::String,
    "jsonPayloads": &STRINGS,
    "httpPayloads": &STRINGS,
    "envoyPayloads": &STRINGS,
    "targetResources": &STRINGS,
    "variables": &Type::String,
    "paramResources": &STRINGS,
    "userinfo": &Type::String,
    "results": &Type::List(&TEST_RESULT),
    "values": &VALUES_SPEC,
    "exceptions": &STRINGS,
    "context": &Type::String,
    "clusterResources": &STRINGS,
    "apiCallResponses": &Type::List(&API_CALL_RESPONSE_ENTRY),
    "globalContextEntries": &Type::List(&GLOBAL_CONTEXT_ENTRY_VALUE),
}
"TypeMeta" { "kind": &Type::String, "apiVersion": &Type::String, });

go_struct!(TEST_RESULT = "v1alpha1.TestResult" {}
"TestResultBase" {
    "policy": &Type::String,
    "rule": &Type::String,
    "isValidatingAdmissionPolicy": &Type::Bool,
    "isMutatingAdmissionPolicy": &Type::Bool,
    "isValidatingPolicy": &Type::Bool,
    "isDeletingPolicy": &Type::Bool,
    "isImageValidatingPolicy": &Type::Bool,
    "isGeneratingPolicy": &Type::Bool,
    "isMutatingPolicy": &Type::Bool,
    "result": &Type::Named("v1alpha1.Result"),
    "kind": &Type::String,
    "operation": &Type::String,
    "patchedResources": &Type::String,
    "generatedResource": &Type::String,
    "cloneSourceResource": &Type::String,
    "failOnMissingResources": &Type::Bool,
}
"TestResultData" {
    "resources": &STRINGS,
    "resourceSpecs": &Type::List(&TEST_RESOURCE_SPEC),
    "generatedResources": &STRINGS,
});

go_struct!(TEST_RESOURCE_SPEC = "v1alpha1.TestResourceSpec" {
    "group": &Type::String,
    "version": &Type::String,
    "kind": &Type::String,
    "namespace": &Type::String,
    "subresource": &Type::String,
    "name": &Type::String,
});

go_struct!(API_CALL_RESPONSE_ENTRY = "v1alpha1.APICallResponseEntry" {
    "url": &Type::String,
    "urlPath": &Type::String,
    "method": &Type::String,
    "response": &API_CALL_RESPONSE,
});

go_struct!(API_CALL_RESPONSE = "v1alpha1.APICallResponse" {
    "statusCode": &Type::Int("int"),
    "body": &Type::Any,
});

go_struct!(GLOBAL_CONTEXT_ENTRY_VALUE = "v1alpha1.GlobalContextEntryValue" {
    "name": &Type::String,
    "data": &Type::Any,
    "resources": &Type::List(&Type::Any),
    "resourceFiles": &STRINGS,
    "fieldPath": &Type::String,
    "projections": &Type::List(&GLOBAL_CONTEXT_PROJECTION),
});

go_struct!(GLOBAL_CONTEXT_PROJECTION = "v1alpha1.GlobalContextProjection" {
    "name": &Type::String,
    "path": &Type::String,
});

go_struct!(pub VALUES = "v1alpha1.Values" { "metadata": &OBJECT_META, }
"TypeMeta" { "kind": &Type::String, "apiVersion": &Type::String, }
"ValuesSpec" {
    "globalValues": &ANYTHING,
    "policies": &Type::List(&POLICY),
    "namespaceSelector": &Type::List(&NAMESPACE_SELECTOR),
    "namespaces": &Type::List(&NAMESPACE),
    "subresources": &Type::List(&SUBRESOURCE),
});

go_struct!(VALUES_SPEC = "v1alpha1.ValuesSpec" {
    "globalValues": &ANYTHING,
    "policies": &Type::List(&POLICY),
    "namespaceSelector": &Type::List(&NAMESPACE_SELECTOR),
    "namespaces": &Type::List(&NAMESPACE),
    "subresources": &Type::List(&SUBRESOURCE),
});

go_struct!(POLICY = "v1alpha1.Policy" {
    "name": &Type::String,
    "resources": &Type::List(&RESOURCE),
    "rules": &Type::List(&RULE),
});

go_struct!(RESOURCE = "v1alpha1.Resource" { "name": &Type::String, "values": &ANYTHING, });

go_struct!(RULE = "v1alpha1.Rule" {
    "name": &Type::String,
    "values": &ANYTHING,
    "foreachValues": &Type::Map(&Type::List(&Type::Any)),
});

go_struct!(NAMESPACE_SELECTOR = "v1alpha1.NamespaceSelector" { "name": &Type::String, "labels": &LABELS, });

go_struct!(NAMESPACE = "v1.Namespace" {
    "metadata": &OBJECT_META,
    "spec": &NAMESPACE_SPEC,
    "status": &NAMESPACE_STATUS,
}
"TypeMeta" { "kind": &Type::String, "apiVersion": &Type::String, });

go_struct!(NAMESPACE_SPEC = "v1.NamespaceSpec" { "finalizers": &Type::List(&Type::Named("v1.FinalizerName")), });

go_struct!(NAMESPACE_STATUS = "v1.NamespaceStatus" {
    "phase": &Type::Named("v1.NamespacePhase"),
    "conditions": &Type::List(&Type::Any),
});

go_struct!(SUBRESOURCE = "v1alpha1.Subresource" { "subresource": &API_RESOURCE, "parentResource": &API_RESOURCE, });

go_struct!(API_RESOURCE = "v1.APIResource" {
    "name": &Type::String,
    "singularName": &Type::String,
    "namespaced": &Type::Bool,
    "group": &Type::String,
    "version": &Type::String,
    "kind": &Type::String,
    "verbs": &STRINGS,
    "shortNames": &STRINGS,
    "categories": &STRINGS,
    "storageVersionHash": &Type::String,
});

go_struct!(pub USER_INFO = "v1alpha1.UserInfo" { "metadata": &OBJECT_META, }
"TypeMeta" { "kind": &Type::String, "apiVersion": &Type::String, }
"RequestInfo" {
    "roles": &STRINGS,
    "clusterRoles": &STRINGS,
    "userInfo": &AUTHENTICATED,
    "synchronize": &Type::Bool,
});

go_struct!(AUTHENTICATED = "v1.UserInfo" {
    "username": &Type::String,
    "uid": &Type::String,
    "groups": &STRINGS,
    "extra": &Type::Map(&Type::Strings("v1.ExtraValue")),
});

go_struct!(pub CLUSTER_RESOURCE = "v1alpha1.ClusterResource" { "metadata": &OBJECT_META, "spec": &CLUSTER_RESOURCE_SPEC, }
"TypeMeta" { "kind": &Type::String, "apiVersion": &Type::String, });

go_struct!(CLUSTER_RESOURCE_SPEC = "v1alpha1.ClusterResourceSpec" {
    "crds": &STRINGS,
    "resources": &Type::List(&Type::Object),
});

go_struct!(pub CUSTOM_RESOURCE_DEFINITION = "v1.CustomResourceDefinition" {
    "metadata": &OBJECT_META,
    "spec": &Type::Any,
    "status": &Type::Any,
}
"TypeMeta" { "kind": &Type::String, "apiVersion": &Type::String, });
