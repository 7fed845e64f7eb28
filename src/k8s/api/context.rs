//! Context of rules: variables, and values from the cluster, from services and from registries.

use super::registry::Credentials;
use super::schema::Any;
use schemars::JsonSchema;
use serde::Deserialize;

/// A variable of a rule, from one source.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = [
    {"required": ["configMap"]},
    {"required": ["apiCall"]},
    {"required": ["imageRegistry"]},
    {"required": ["variable"]},
    {"required": ["globalReference"]}
]))]
pub struct ContextEntry {
    /// The answer of the API server or of a service.
    pub api_call: Option<ContextCall>,
    /// A ConfigMap, with its `data` and `metadata`.
    pub config_map: Option<ConfigMapReference>,
    /// What a `GlobalContextEntry` keeps.
    pub global_reference: Option<GlobalReference>,
    /// What a registry says of an image.
    pub image_registry: Option<ImageRegistry>,
    /// The name of the variable.
    pub name: String,
    /// A value that the policy itself gives.
    pub variable: Option<Variable>,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Method {
    /// Ask.
    #[serde(rename = "GET")]
    Get,
    /// Ask with a body.
    #[serde(rename = "POST")]
    Post,
}

/// A call whose answer is the variable.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContextCall {
    /// Fields of the body of a POST.
    pub data: Option<Vec<RequestData>>,
    /// The variable where the call fails.
    pub default: Option<Any>,
    /// An expression that the answer goes through.
    pub jmes_path: Option<String>,
    /// The method of the request.
    #[schemars(extend("default" = "GET"))]
    pub method: Option<Method>,
    /// The service to call, in place of the API server.
    pub service: Option<Service>,
    /// The path of a request of the API server.
    pub url_path: Option<String>,
}

/// A field of a body.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct RequestData {
    /// The name of the field.
    pub key: String,
    /// Its value.
    pub value: Any,
}

/// A service that answers with JSON.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Certificates, as PEM, of the authorities that the service is trusted by.
    pub ca_bundle: Option<String>,
    /// Headers of the request.
    pub headers: Option<Vec<Header>>,
    /// Where the service is.
    pub url: String,
}

/// A header of a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Header {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ConfigMapReference {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
}

/// A `GlobalContextEntry`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GlobalReference {
    /// An expression that its value goes through.
    pub jmes_path: Option<String>,
    /// Its name, with that of a projection behind a point.
    pub name: String,
}

/// An image, looked up in its registry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageRegistry {
    /// How the registry is logged in to.
    pub image_registry_credentials: Option<Credentials>,
    /// An expression that the answer goes through.
    pub jmes_path: Option<String>,
    /// The image.
    pub reference: String,
}

/// A value that the policy itself gives.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// The value where the expression has none.
    pub default: Option<Any>,
    /// An expression: over the value, or over everything where there is no value.
    pub jmes_path: Option<String>,
    /// The value.
    pub value: Option<Any>,
}
