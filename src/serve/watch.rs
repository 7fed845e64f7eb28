//! Reading policies and certificates again where their files change.

use super::ServeError;
use super::certificates::{self, Certificate};
use super::feed::{Exchange, Feed};
use crate::engine::PolicySet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
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

/// Policies and a certificate in files.
pub struct Files {
    sources: Sources,
    /// The folder with the certificate, where it is not made here
    folder: Option<PathBuf>,
    listen: IpAddr,
    /// The states in which they were read
    read: Option<(State, Option<State>)>,
}

impl Files {
    /// Policies from files, and the certificate from `tls.crt` and `tls.key` in a folder. Where there is no folder, one is
    /// made for the address at which the server listens.
    pub fn new(sources: Sources, folder: Option<PathBuf>, listen: IpAddr) -> Self {
        Self { sources, folder, listen, read: None }
    }
}

impl Feed for Files {
    fn first(&mut self) -> Result<(PolicySet, Certificate), ServeError> {
        let state = State::of(&(self.sources.files)());
        let (set, said) = (self.sources.load)().map_err(ServeError::Policies)?;
        say(&said);
        let of_certificate = self.folder.as_deref().map(certificate);
        let certificate = match &self.folder {
            Some(folder) => certificates::read(folder)?,
            None => certificates::make(self.listen)?,
        };
        self.read = Some((state, of_certificate));
        Ok((set, certificate))
    }

    fn run(self: Box<Self>, server: Exchange) {
        let Some((policies, certificate)) = self.read else { return };
        watch(&server, &self.sources, policies, self.folder.as_deref().zip(certificate));
    }
}

/// Whether files have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State(u64);

impl State {
    /// The state of files: names, sizes, times, and whether others stand in their places.
    fn of(files: &[PathBuf]) -> Self {
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

fn read_certificate(server: &Exchange, folder: &Path) {
    match certificates::read(folder) {
        Ok(next) => {
            server.certificate(next);
            info!(folder = %folder.display(), "there is a new certificate");
        }
        Err(e) => error!(error = %e, "the new certificate is not used, the old one stays"),
    }
}

/// The state of the certificate's files.
fn certificate(folder: &Path) -> State {
    State::of(&certificates::files(folder))
}

/// Looks until the server is gone, so that requests do not wait for the compiler.
fn watch(server: &Exchange, sources: &Sources, policies: State, folder: Option<(&Path, State)>) {
    let mut policies = Watched::new(policies);
    let mut folder = folder.map(|(path, state)| (path, Watched::new(state)));
    loop {
        std::thread::sleep(LOOK);
        if server.is_gone() {
            return;
        }
        if let Some((path, state)) = &mut folder
            && state.changed(certificate(path))
        {
            read_certificate(server, path);
        }
        if policies.changed(State::of(&(sources.files)())) {
            read_policies(server, sources);
        }
    }
}

fn read_policies(server: &Exchange, sources: &Sources) {
    let (set, said) = match (sources.load)() {
        Ok(loaded) => loaded,
        Err(why) => {
            error!(why, "the new policies are not used, the old ones stay");
            return;
        }
    };
    say(&said);
    let (policies, rules) = (set.policies().len(), set.rules().len());
    server.policies(set);
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
