//! Keeps the certificates: the leader renews them, and every replica takes them over.

use super::certificates::{self, Certificates, Renewed};
use super::settings::Settings;
use super::{AGAIN, Shared};
use crate::serve::Exchange;
use kube::Api;
use std::sync::Arc;
use std::time::Duration;
use tracing::{error, info, warn};

/// How long the API server takes to know whom to trust.
const TRUST: Duration = Duration::from_secs(3);

/// Keeps the certificates, while we lead.
pub(super) async fn follow(shared: Arc<Shared>) {
    let Settings { namespace, service, authority, certificate, server, .. } = &shared.settings;
    let host = server.as_deref().map(|s| s.rsplit_once(':').map_or(s, |(host, _)| host).trim_matches(['[', ']']));
    let mut names = vec![format!("{service}.{namespace}.svc"), format!("{service}.{namespace}"), service.clone()];
    names.extend(host.map(str::to_owned));
    let all = Certificates {
        api: Api::namespaced(shared.client.clone(), namespace),
        authority: authority.clone(),
        server: certificate.clone(),
        names,
    };
    let mut known = String::new();
    loop {
        shared.changed.certificates.notified().await;
        // A Secret that is written once may be told of several times.
        while shared.leader.is_leading() {
            match all.renew(&known).await {
                Ok(Renewed::Nothing) => break,
                Ok(Renewed::Server) => {
                    info!("there is a new certificate");
                    break;
                }
                Ok(Renewed::Authority) => {
                    info!("there is a new authority");
                    shared.changed.registration.notify_one();
                    tokio::time::sleep(TRUST).await;
                }
                Err(why) => {
                    warn!(why, "certificates cannot be renewed");
                    tokio::time::sleep(AGAIN * 5).await;
                }
            }
        }
        if let Some(bundle) = shared.stores.authority().and_then(|s| certificates::bundle(&s)) {
            known = bundle;
        }
    }
}

/// Gives the server each new certificate.
pub(super) async fn take_over(shared: Arc<Shared>, exchange: Exchange) {
    loop {
        shared.changed.server.notified().await;
        match shared.stores.certificate().map(|s| certificates::certificate(&s)) {
            Some(Ok(certificate)) => exchange.certificate(certificate),
            Some(Err(why)) => error!(why, "the new certificate is not used, the old one stays"),
            None => {}
        }
    }
}
