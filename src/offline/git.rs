//! Policies and tests in git repositories, which the `git` of the system fetches.
//!
//! Kyverno: commands/apply/command.go, commands/test/load.go and utils/common/common.go.

use crate::diag::Source;
use crate::input;
use kyvc_vm::builtin::encode_base64;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How repositories are reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Access<'a> {
    /// The branch; where there is none, it is named by the URL
    pub branch: &'a str,
    /// The user, empty for nobody
    pub username: &'a str,
    /// The user's password
    pub password: &'a str,
}

/// A place in a repository.
#[derive(Debug, PartialEq, Eq)]
struct Location {
    repository: String,
    branch: String,
    /// The folder, empty for all of it
    folder: String,
}

impl Location {
    /// What a URL names: a repository and its branch, or with a branch given a folder.
    ///
    /// # Errors
    /// Gives the path where it names no repository.
    fn of(url: &str, branch: &str) -> Result<Self, String> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (_, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut steps = path.splitn(3, '/');
        let (owner, name) = (steps.next().unwrap_or_default(), steps.next());
        let Some(name) = name else {
            return Err(format!("/{path}"));
        };
        let rest = steps.next().unwrap_or_default().trim_end_matches('/').to_owned();
        let base = url.strip_suffix(path).unwrap_or(url);
        let repository = format!("{base}{owner}/{name}");
        Ok(match branch {
            "" if rest.is_empty() => Self { repository, branch: "main".to_owned(), folder: String::new() },
            "" => Self { repository, branch: rest, folder: String::new() },
            branch => Self { repository, branch: branch.to_owned(), folder: rest },
        })
    }
}

/// A folder that goes when nobody needs it any more.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kyvc-{}-{number}", std::process::id()));
        // It must not be there: what is in it is taken for what was fetched.
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A branch of a repository on this machine, until nobody needs it any more.
#[derive(Debug)]
pub struct Checkout {
    root: Temporary,
    location: Location,
}

impl Checkout {
    fn new(location: Location, access: Access<'_>) -> Result<Self, String> {
        let root = Temporary::new().map_err(|e| e.to_string())?;
        clone(&location, access, &root.0)?;
        Ok(Self { root, location })
    }

    /// Fetches what a test names.
    ///
    /// # Errors
    /// Says why it cannot be fetched.
    pub fn of_tests(url: &str, access: Access<'_>) -> Result<Self, String> {
        let location = Location::of(url, access.branch).map_err(|path| {
            let place = "https://github.com/:owner/:repository/";
            format!(
                "invalid URL path {path} - expected {place}:branch (without --git-branch flag) OR {place}:directory (with \
                 --git-branch flag)"
            )
        })?;
        Self::new(location, access).map_err(|why| format!("error: failed to clone repository \nCause: {why}"))
    }

    /// The folder that the repository is in, as a path.
    pub fn root(&self) -> String {
        self.root.0.to_string_lossy().into_owned()
    }

    /// The folder in the repository that is named; nothing where there is none.
    pub fn folder(&self) -> Option<&str> {
        let top = self.root.0.join(&self.location.folder).canonicalize().ok()?;
        self.root.0.canonicalize().is_ok_and(|all| top.starts_with(all)).then_some(&self.location.folder)
    }
}

/// The YAML files at a URL, each named by the repository and its place in there.
///
/// # Errors
/// Says why they cannot be fetched.
pub(super) fn files(url: &str, access: Access<'_>) -> Result<Vec<Arc<Source>>, String> {
    let location = Location::of(url, access.branch).map_err(|path| {
        let place = "https://<any_git_source_domain>/:owner/:repository/";
        format!(
            "failed to parse URL (invalid URL path {path} - expected {place}:branch (without --git-branch flag) OR \
             {place}:directory (with --git-branch flag))"
        )
    })?;
    let checkout = Checkout::new(location, access).map_err(|why| format!("failed to clone repository ({why})"))?;
    let Some(folder) = checkout.folder() else {
        let folder = &checkout.location.folder;
        return Err(format!("failed to list YAMLs in repository (no folder {folder:?})"));
    };
    let root = &checkout.root.0;
    let (sources, _) = input::load(&[root.join(folder).to_string_lossy().into_owned()], "policy");
    let yaml = |name: &str| name.ends_with(".yaml") || name.ends_with(".yml");
    let named = sources.into_iter().filter(|s| yaml(&s.name)).map(|source| {
        let name = Path::new(&source.name).strip_prefix(root).unwrap_or(Path::new(&source.name));
        Source::new(format!("{}/{}", checkout.location.repository, name.display()), source.text.clone())
    });
    Ok(named.collect())
}

fn clone(location: &Location, access: Access<'_>, to: &Path) -> Result<(), String> {
    let mut git = Command::new("git");
    // What a link points to may not be in the repository.
    git.args(["-c", "core.symlinks=false", "clone", "--quiet", "--depth=1", "--single-branch"])
        .arg(format!("--branch={}", location.branch))
        .args(["--", &location.repository])
        .arg(to)
        .stdin(Stdio::null())
        // It asks nobody.
        .env("GIT_TERMINAL_PROMPT", "0");
    if !access.username.is_empty() && !access.password.is_empty() {
        let token = encode_base64(format!("{}:{}", access.username, access.password).as_bytes());
        git.env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "http.extraHeader")
            .env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {token}"));
    }
    let output = git.output().map_err(|e| format!("git: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.trim().trim_start_matches("fatal: ").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(url: &str, branch: &str) -> (String, String, String) {
        let Location { repository, branch, folder } = Location::of(url, branch).unwrap();
        (repository, branch, folder)
    }

    #[test]
    fn what_urls_name() {
        let found = |repository: &str, branch: &str, folder: &str| {
            (repository.to_owned(), branch.to_owned(), folder.to_owned())
        };
        assert_eq!(location("https://a.b/c/d", ""), found("https://a.b/c/d", "main", ""));
        assert_eq!(location("https://a.b/c/d/", ""), found("https://a.b/c/d", "main", ""));
        assert_eq!(location("https://a.b/c/d/release/1", ""), found("https://a.b/c/d", "release/1", ""));
        assert_eq!(location("https://a.b/c/d/e/f/", "x"), found("https://a.b/c/d", "x", "e/f"));
        assert_eq!(Location::of("https://a.b/c", "").unwrap_err(), "/c");
        let refused = Checkout::of_tests("https://a.b/c", Access::default()).unwrap_err();
        assert!(refused.starts_with("invalid URL path /c - expected https://github.com/:owner/:repository/:branch ("));
    }
}
