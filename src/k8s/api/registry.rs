//! How registries of images are logged in to.

use schemars::JsonSchema;
use serde::Deserialize;

/// How registries are logged in to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// Also take registries without TLS, or with a certificate of unknown origin.
    pub allow_insecure_registry: Option<bool>,
    /// Clouds whose own credentials are tried.
    pub providers: Option<Vec<Provider>>,
    /// Secrets with credentials, in the namespace of the controller.
    pub secrets: Option<Vec<String>>,
}

/// Where credentials come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The files of docker and podman.
    Default,
    /// Elastic Container Registry.
    Amazon,
    /// Azure Container Registry.
    Azure,
    /// Artifact Registry.
    Google,
    /// GitHub's registry.
    Github,
}
