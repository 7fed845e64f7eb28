//! `--cluster`: the resources of a cluster, and the cluster for policies that ask it.

use super::Args;
use crate::offline::evaluate::Live;
use std::io::Write;

/// A cluster.
pub(super) struct Cluster {
    /// Who answers what policies ask
    pub(super) live: Box<dyn Live>,
    /// Its resources as JSON, unless the resources come from standard input
    pub(super) objects: Option<Vec<String>>,
}

/// The cluster that the arguments name, with its objects of some kinds.
///
/// # Errors
/// Why there is none, in Kyverno's words.
#[cfg(not(feature = "k8s"))]
pub(super) fn cluster(_: &Args, _: &[String], _: &mut dyn Write) -> Result<Cluster, String> {
    Err("this kyvc was built without clusters".to_owned())
}

#[cfg(feature = "k8s")]
pub(super) use with::cluster;

#[cfg(feature = "k8s")]
mod with {
    use super::{Args, Cluster, Write};
    use crate::cli::common;
    use crate::diag::{Code, Diagnostic};
    use crate::k8s::{Access, Lookup, Missing, Objects, Session};
    use crate::offline::file::go_error;
    use crate::offline::resources::folder;
    use indicatif::ProgressBar;
    use std::path::Path;
    use std::time::{Duration, Instant};

    const DIVIDER: &str = "----------------------------------------------------------------------";

    /// The cluster that the arguments name, with its objects of some kinds.
    ///
    /// # Errors
    /// Why there is none, in Kyverno's words.
    pub(in crate::cli::apply) fn cluster(
        args: &Args,
        kinds: &[String],
        out: &mut dyn Write,
    ) -> Result<Cluster, String> {
        let text = |argument: &Option<String>| argument.clone().unwrap_or_default();
        let (kubeconfig, context, namespace) = (text(&args.kubeconfig), text(&args.context), text(&args.namespace));
        let session = Session::new(Access { kubeconfig: &kubeconfig, context: &context })?;
        if args.resource.first().is_some_and(|r| r == "-") {
            return Ok(Cluster { live: Box::new(session), objects: None });
        }
        let names = names(&args.resource).map_err(|e| format!("failed to load resources ({e})"))?;
        let mut lookup = Lookup {
            kinds,
            namespace: "",
            cluster_wide: args.cluster_wide_resources,
            workers: usize::try_from(args.concurrent).unwrap_or_default(),
            batch: args.batch_size,
            names: &names,
        };
        let mut find = |lookup: &Lookup<'_>| found(args, &session, lookup, out);
        let mut objects = Vec::new();
        if lookup.cluster_wide {
            objects = find(&lookup)?;
            lookup.cluster_wide = false;
        }
        // Kyverno: utils/common/common.go, forgets what has no namespace where one is named.
        if !args.cluster_wide_resources || !namespace.is_empty() {
            lookup.namespace = &namespace;
            objects = find(&lookup)?;
        }
        Ok(Cluster { live: Box::new(session), objects: Some(objects) })
    }

    /// The names that are asked for. The first has to be that of a file, too; of a folder they are its YAML files.
    fn names(resources: &[String]) -> Result<Vec<String>, String> {
        let Some(first) = resources.first() else { return Ok(Vec::new()) };
        let meta = std::fs::metadata(first).map_err(|e| format!("stat {first}: {}", go_error(&e)))?;
        if !meta.is_dir() {
            return Ok(resources.to_vec());
        }
        let failed = |e: std::io::Error| format!("failed to parse {first} (open {first}: {})", go_error(&e));
        let files = folder(Path::new(first)).map_err(failed)?;
        Ok(files.iter().map(|f| f.display().to_string()).collect())
    }

    fn found(args: &Args, session: &Session, lookup: &Lookup<'_>, out: &mut dyn Write) -> Result<Vec<String>, String> {
        let started = Instant::now();
        let spinner = if common::watched() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        spinner.set_message("reading the resources of the cluster");
        spinner.enable_steady_tick(Duration::from_millis(100));
        let found = session.objects(lookup);
        spinner.finish_and_clear();
        match found {
            Ok(found) => {
                let warnings: Vec<_> =
                    found.unread.iter().map(|why| Diagnostic::new(Code::ClusterUnread, why.clone())).collect();
                common::print(&warnings);
                if args.show_performance && lookup.workers > 1 {
                    performance(&found, lookup.workers, started.elapsed(), out);
                }
                Ok(found.objects)
            }
            Err(Missing::Options(why)) => Err(format!("failed to load resources ({why})")),
            Err(Missing::Name(name)) => {
                if !args.policy_report {
                    let _ = write!(out, "\n{DIVIDER}\nresource {name} not found in cluster\n{DIVIDER}\n");
                }
                Err(format!("failed to load resources ({name} not found in cluster)"))
            }
        }
    }

    /// Kyverno: pkg/cli/loader/resource_loader.go, printLoadingSummary, which does not count calls.
    fn performance(found: &Objects, workers: usize, took: Duration, out: &mut dyn Write) {
        let _ = write!(
            out,
            "\nResource Loading Performance:\n  Duration: {took:?}\n  Resources loaded: {}\n  API calls: 0\n  \
             Concurrent workers: {workers}\n",
            found.objects.len()
        );
    }
}
