//! `kyvc serve --cluster`: the options that are about the cluster.

use crate::k8s::controllers::Settings;

/// Where policies come from a cluster.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
#[group(id = "cluster-options")]
pub(super) struct Args {
    /// Serve the policies of a cluster, and register webhooks for them
    #[arg(long)]
    pub(super) cluster: bool,
    /// The kubeconfig file; without one the environment says it, or the Pod that this runs in
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true, requires = "cluster")]
    kubeconfig: String,
    /// The context in it
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, requires = "cluster")]
    context: String,
    /// The namespace that this runs in; without one `POD_NAMESPACE` says it, or it is `kyvc`
    #[arg(long, value_name = "NAME", requires = "cluster")]
    namespace: Option<String>,
    /// The Service in that namespace that leads here
    #[arg(long, value_name = "NAME", default_value = "kyvc-svc", requires = "cluster")]
    service: String,
    /// The port of the Service
    #[arg(long, value_name = "PORT", default_value_t = 443, requires = "cluster")]
    service_port: u16,
    /// Where the API server finds this, if not through the Service: for running outside of the cluster
    #[arg(long, value_name = "HOST:PORT", requires = "cluster")]
    server: Option<String>,
    /// The ConfigMap in that namespace with Kyverno's dynamic configuration
    #[arg(long, value_name = "NAME", default_value = "kyvc", requires = "cluster")]
    config_map: String,
    /// Who this is among the replicas; without it `POD_NAME` says it, or the host's name
    #[arg(long, value_name = "NAME", requires = "cluster")]
    identity: Option<String>,
    /// How long the API server waits for an answer, where no policy says it
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=30), requires = "cluster")]
    webhook_timeout: u8,
    /// The namespace whose PolicyExceptions count; `*` for all. Without it none does
    #[arg(long, value_name = "NAME", requires = "cluster")]
    exception_namespace: Option<String>,
    /// The Secret with the authority that signs the certificate
    #[arg(long, value_name = "NAME", default_value = "kyvc-svc.kyvc-tls-ca", requires = "cluster")]
    ca_secret: String,
    /// The Secret with the certificate
    #[arg(long, value_name = "NAME", default_value = "kyvc-svc.kyvc-tls-pair", requires = "cluster")]
    tls_secret: String,
    /// Let Nodes and CertificateSigningRequests pass where no webhook answers
    #[arg(long, requires = "cluster")]
    exclude_bootstrap_resources: bool,
    /// Write no events
    #[arg(long, requires = "cluster")]
    omit_events: bool,
    /// The ClusterRole that owns the webhooks, so that they go with it
    #[arg(long, value_name = "NAME", requires = "cluster")]
    owner: Option<String>,
}

impl Args {
    pub(super) fn settings(&self) -> Settings {
        let said = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let host = || std::fs::read_to_string("/etc/hostname").ok().map(|n| n.trim().to_owned());
        let identity = self.identity.clone().or_else(|| said("POD_NAME")).unwrap_or_else(|| {
            let host = said("HOSTNAME").or_else(host).unwrap_or_else(|| "kyvc".to_owned());
            format!("{host}-{}", std::process::id())
        });
        Settings {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            namespace: self.namespace.clone().or_else(|| said("POD_NAMESPACE")).unwrap_or_else(|| "kyvc".to_owned()),
            service: self.service.clone(),
            port: i32::from(self.service_port),
            server: self.server.clone(),
            config_map: self.config_map.clone(),
            identity,
            timeout: i32::from(self.webhook_timeout),
            exceptions: self.exception_namespace.clone().filter(|n| !n.is_empty()),
            authority: self.ca_secret.clone(),
            certificate: self.tls_secret.clone(),
            exclude_bootstrap: self.exclude_bootstrap_resources,
            events: !self.omit_events,
            owner: self.owner.clone(),
        }
    }
}
