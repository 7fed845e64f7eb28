//! Where the API server is, and who asks it.

use super::client::Client;
use crate::offline::file::go_error;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::path::{Path, PathBuf};

/// The address that Kubernetes' command lines take where nobody names one.
const NOWHERE: &str = "http://localhost:8080";

/// A cluster, as the command line names it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Access<'a> {
    /// The kubeconfig file; empty for those that the environment names, or the one at home
    pub kubeconfig: &'a str,
    /// The context in it; empty for the current one
    pub context: &'a str,
}

impl Access<'_> {
    /// Gets ready to ask the API server. Nothing is sent yet.
    ///
    /// # Errors
    /// Says what is wrong with the kubeconfig file.
    pub fn client(&self) -> Result<Client, String> {
        Client::new(self.config()?)
    }

    /// How the API server is reached.
    ///
    /// # Errors
    /// Says what is wrong with the kubeconfig file.
    pub(super) fn config(&self) -> Result<Config, String> {
        let kubeconfig = self.read()?;
        let is_empty = kubeconfig.contexts.is_empty() && kubeconfig.clusters.is_empty();
        if is_empty && self.context.is_empty() {
            return match Config::incluster() {
                Ok(config) => Ok(config),
                Err(_) => nowhere(),
            };
        }
        let context = Some(self.context.to_owned()).filter(|c| !c.is_empty());
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        // Nothing is waited for in there.
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|e| e.to_string())?;
        match runtime.block_on(Config::from_custom_kubeconfig(kubeconfig, &options)) {
            Ok(config) => Ok(config),
            Err(KubeconfigError::CurrentContextNotSet | KubeconfigError::LoadClusterOfContext(_)) => nowhere(),
            Err(KubeconfigError::LoadContext(name)) => Err(format!("context {name:?} does not exist")),
            Err(e) => Err(format!("invalid configuration: {e}")),
        }
    }

    /// The kubeconfig files as one.
    fn read(&self) -> Result<Kubeconfig, String> {
        if !self.kubeconfig.is_empty() {
            let path = Path::new(self.kubeconfig);
            if let Err(e) = std::fs::metadata(path) {
                return Err(format!("stat {}: {}", self.kubeconfig, go_error(&e)));
            }
            return one(path);
        }
        let mut all = Kubeconfig::default();
        for path in files().into_iter().filter(|p| p.exists()) {
            all = all.merge(one(&path)?).map_err(|e| e.to_string())?;
        }
        Ok(all)
    }
}

fn one(path: &Path) -> Result<Kubeconfig, String> {
    Kubeconfig::read_from(path).map_err(|e| match e {
        KubeconfigError::Parse(e) => format!("error loading config file \"{}\": {e}", path.display()),
        e => e.to_string(),
    })
}

/// The files that the environment names, else the one at home.
fn files() -> Vec<PathBuf> {
    let named = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|p| !p.as_os_str().is_empty()).collect();
    if !named.is_empty() {
        return named;
    }
    std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect()
}

/// Kubernetes: cli-runtime's config_flags.go, where nobody names a server, one is looked for on this machine.
fn nowhere() -> Result<Config, String> {
    let named = std::env::var("KUBERNETES_MASTER").ok().filter(|s| !s.is_empty());
    let server = named.as_deref().unwrap_or(NOWHERE);
    let address = server.parse::<http::Uri>().map_err(|e| format!("host must be a URL or a host:port pair: {e}"))?;
    Ok(Config::new(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(name: &str, text: &str, context: &str) -> Result<String, String> {
        let path = std::env::temp_dir().join(format!("kyvc-{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let config = Access { kubeconfig: path.to_str().unwrap(), context }.config();
        std::fs::remove_file(&path).unwrap();
        config.map(|c| c.cluster_url.to_string())
    }

    const TWO: &str = "current-context: a
clusters: [{name: a, cluster: {server: 'https://a:1'}}, {name: b, cluster: {server: 'https://b:2/x'}}]
contexts: [{name: a, context: {cluster: a}}, {name: b, context: {cluster: b}}, {name: c, context: {cluster: c}}]
";

    #[test]
    fn contexts() {
        assert_eq!(address("current", TWO, ""), Ok("https://a:1/".to_owned()));
        assert_eq!(address("named", TWO, "b"), Ok("https://b:2/x".to_owned()));
        assert_eq!(address("unknown", TWO, "d"), Err("context \"d\" does not exist".to_owned()));
    }

    #[test]
    fn files_that_name_no_cluster() {
        for (name, text, context) in [("empty", "", ""), ("missing", TWO, "c")] {
            assert_eq!(address(name, text, context), Ok("http://localhost:8080/".to_owned()));
        }
        assert!(address("broken", "{", "").is_err());
        let nothing = Access { kubeconfig: "/no/such/file", context: "" }.client().unwrap_err();
        assert_eq!(nothing, "stat /no/such/file: no such file or directory");
    }
}
