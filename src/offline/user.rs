//! Who makes the requests: files of kind `UserInfo`.

use super::file;
use super::values::deprecated;
use crate::engine::User;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::io::Write;
use std::path::Path;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserInfoFile {
    api_version: Option<String>,
    kind: Option<String>,
    roles: Option<Vec<String>>,
    cluster_roles: Option<Vec<String>>,
    user_info: Option<UserInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UserInfo {
    username: Option<String>,
    groups: Option<Vec<String>>,
    uid: Option<String>,
    extra: Option<Map<String, Value>>,
}

/// A user, and whether the file says what it is.
#[derive(Debug)]
pub struct Loaded {
    /// The user
    pub user: User,
    /// Whether the file has neither `apiVersion` nor `kind`; a warning has been written
    pub deprecated: bool,
}

/// Reads a file; `path` is how it was named, `at` where it is.
///
/// # Errors
/// Says what is wrong with the file, as Kyverno does.
pub fn load(path: &str, at: &Path, out: &mut dyn Write) -> Result<Loaded, String> {
    let read = file::open(at).map_err(|e| format!("unable to read yaml (unable to read yaml ({e}))"));
    let read = read.and_then(|s| file::value(&s, &file::USER_INFO).map_err(|e| format!("failed to decode yaml ({e})")));
    let read: UserInfoFile = read?;
    let is_old = [read.api_version, read.kind].iter().any(|s| s.as_deref().unwrap_or_default().is_empty());
    if is_old {
        let _ = deprecated(out, "user infos", path);
    }
    let info = read.user_info.unwrap_or_default();
    let user = User {
        uid: info.uid.unwrap_or_default(),
        extra: info.extra.unwrap_or_default(),
        name: info.username.unwrap_or_default(),
        groups: info.groups.unwrap_or_default(),
        roles: read.roles.unwrap_or_default(),
        cluster_roles: read.cluster_roles.unwrap_or_default(),
    };
    Ok(Loaded { user, deprecated: is_old })
}
