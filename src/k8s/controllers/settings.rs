//! How kyvc stands in a cluster.

/// How kyvc stands in a cluster.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The kubeconfig file; empty for what the environment says
    pub kubeconfig: String,
    /// The context in it; empty for the current one
    pub context: String,
    /// Our namespace
    pub namespace: String,
    /// The Service that leads to us
    pub service: String,
    /// Its port
    pub port: i32,
    /// The address at which the API server finds us, where there is no Service: `host:port`
    pub server: Option<String>,
    /// The ConfigMap with what changes while we run
    pub config_map: String,
    /// Who we are among the replicas
    pub identity: String,
    /// How long the API server waits for us, in seconds, where no policy says it
    pub timeout: i32,
    /// Where exceptions count: a namespace, `*` for all, nothing for none
    pub exceptions: Option<String>,
    /// The Secret of the authority that signs our certificate
    pub authority: String,
    /// The Secret of our certificate
    pub certificate: String,
    /// Whether Nodes and their certificates pass where no webhook answers
    pub exclude_bootstrap: bool,
    /// Whether there are events
    pub events: bool,
    /// The ClusterRole with which our webhooks go
    pub owner: Option<String>,
}
