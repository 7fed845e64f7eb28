//! Reading policies and certificates again where their files change.

use super::certificates::{self, Certificates};
use super::{Policies, Server};
use crate::engine::PolicySet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tracing::{error, info, warn};

/// How often is looked. What has changed is read when it has not changed between two looks.
const LOOK: Duration = Duration::from_millis(300);

/// Where policies come from.
pub struct Sources {
    /// Reads and compiles all of them. Gives what is to be said besides, or why there is no set
    pub load: Box<dyn Fn() -> Result<(PolicySet, String), String> + Send>,
    /// The files that are read, as they are now
    pub files: Box<dyn Fn() -> Vec<PathBuf> + Send>,
}

impl Sources {
    /// The policies, and the state of their files before these were read.
    pub(super) fn first(&self) -> Result<(PolicySet, State), String> {
        let state = State::of(&(self.files)());
        let (set, said) = (self.load)()?;
        say(&said);
        Ok((set, state))
    }
}

/// Whether files have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State(u64);

impl State {
    /// The state of files: names, sizes, times, and whether others stand in their places.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let mut hasher = DefaultHasher::new();
        for file in files {
            file.hash(&mut hasher);
            match std::fs::metadata(file) {
                Ok(found) => {
                    (found.len(), found.modified().ok()).hash(&mut hasher);
                    #[cfg(unix)]
                    std::os::unix::fs::MetadataExt::ino(&found).hash(&mut hasher);
                }
                Err(e) => e.kind().hash(&mut hasher),
            }
        }
        Self(hasher.finish())
    }
}

/// Files that are looked at again and again.
#[derive(Debug)]
struct Watched {
    /// Their state when they were read
    read: State,
    /// Their state when they were looked at last
    last: State,
}

impl Watched {
    fn new(read: State) -> Self {
        Self { read, last: read }
    }

    /// Whether they have changed and stay so.
    fn changed(&mut self, now: State) -> bool {
        let settled = now == self.last;
        self.last = now;
        let changed = settled && now != self.read;
        if changed {
            self.read = now;
        }
        changed
    }
}

/// The certificate's files.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// The state in which they were read
    pub(super) read: State,
    pub(super) certificates: Arc<Certificates>,
}

impl Folder {
    fn read_again(&self) {
        match certificates::read(&self.path) {
            Ok(next) => {
                self.certificates.exchange(next);
                info!(folder = %self.path.display(), "there is a new certificate");
            }
            Err(e) => error!(error = %e, "the new certificate is not used, the old one stays"),
        }
    }
}

/// The state of the certificate's files.
pub(super) fn certificate(folder: &Path) -> State {
    State::of(&certificates::files(folder))
}

/// Looks until the server is gone, on a thread of its own, so that requests do not wait for the compiler.
pub(super) fn watch(server: &Weak<Server>, sources: &Sources, policies: State, folder: Option<&Folder>) {
    let mut policies = Watched::new(policies);
    let mut certificate_state = folder.map(|f| Watched::new(f.read));
    loop {
        std::thread::sleep(LOOK);
        let Some(server) = server.upgrade() else { return };
        if let (Some(folder), Some(state)) = (folder, &mut certificate_state)
            && state.changed(certificate(&folder.path))
        {
            folder.read_again();
        }
        if policies.changed(State::of(&(sources.files)())) {
            read_policies(&server, sources);
        }
    }
}

fn read_policies(server: &Server, sources: &Sources) {
    let (set, said) = match (sources.load)() {
        Ok(loaded) => loaded,
        Err(why) => {
            error!(why, "the new policies are not used, the old ones stay");
            return;
        }
    };
    say(&said);
    let (policies, rules) = (set.policies().len(), set.rules().len());
    server.policies.store(Arc::new(Policies::new(set, &server.metrics)));
    info!(policies, rules, "there are new policies");
}

/// Logs what is said of policies that are used.
fn say(said: &str) {
    if !said.is_empty() {
        warn!("{said}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_until_files_settle() {
        let [old, new, newer] = [State(1), State(2), State(3)];
        let mut files = Watched::new(old);
        let seen = [old, new, newer, newer, newer, old, old].map(|state| files.changed(state));
        assert_eq!(seen, [false, false, false, true, false, false, true]);
    }
}
