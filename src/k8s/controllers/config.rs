//! What the ConfigMap says: which requests are left to themselves, and how webhooks are registered.
//!
//! Kyverno: pkg/config. What cannot be read is told, and does as if it were not there.

use crate::lower::matches::kind_parts;
use k8s_openapi::api::admissionregistration::v1::MatchCondition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kyvc_vm::scalar::Glob;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::str::FromStr;
use tracing::warn;

/// How much the context entries of a policy may have together, in bytes.
const CONTEXT: usize = 2 << 20;

/// Some requests, by who makes them.
#[derive(Debug, Default)]
struct People {
    groups: Vec<Glob>,
    users: Vec<Glob>,
    roles: Vec<Glob>,
    cluster_roles: Vec<Glob>,
}

impl People {
    fn has(&self, who: &Who<'_>) -> bool {
        let any = |globs: &[Glob], names: &[String]| globs.iter().any(|g| names.iter().any(|n| g.matches(n)));
        self.users.iter().any(|g| g.matches(who.user))
            || any(&self.groups, who.groups)
            || any(&self.roles, who.roles)
            || any(&self.cluster_roles, who.cluster_roles)
    }

    fn is_empty(&self) -> bool {
        let Self { groups, users, roles, cluster_roles } = self;
        [groups, users, roles, cluster_roles].iter().all(|l| l.is_empty())
    }
}

/// Who makes a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who<'w> {
    pub(super) user: &'w str,
    pub(super) groups: &'w [String],
    pub(super) roles: &'w [String],
    pub(super) cluster_roles: &'w [String],
}

/// What a request is about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a> {
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) kind: &'a str,
    pub(super) subresource: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

/// Requests that nobody looks at: `[kind,namespace,name]`.
#[derive(Debug)]
struct Filter {
    kind: [Glob; 4],
    namespace: Glob,
    name: Glob,
}

impl Filter {
    fn has(&self, about: &About<'_>) -> bool {
        let [group, version, kind, subresource] = &self.kind;
        if !(group.matches(about.group)
            && version.matches(about.version)
            && kind.matches(about.kind)
            && subresource.matches(about.subresource))
        {
            return false;
        }
        let namespace = about.group.is_empty() && about.version == "v1" && about.kind == "Namespace";
        (self.namespace.matches(about.namespace) && self.name.matches(about.name))
            || (namespace && self.namespace.matches(about.name))
    }
}

/// Selectors of all webhooks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Selectors {
    pub(super) namespace_selector: Option<LabelSelector>,
    pub(super) object_selector: Option<LabelSelector>,
}

/// The ConfigMap as it is.
#[derive(Debug)]
pub(super) struct Config {
    excluded: People,
    included: People,
    filters: Vec<Filter>,
    /// Whether rules that pass become events
    pub(super) success_events: bool,
    pub(super) selectors: Selectors,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) match_conditions: Vec<MatchCondition>,
    pub(super) context: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self::read(&BTreeMap::new())
    }
}

impl Config {
    /// Reads it.
    pub(super) fn read(data: &BTreeMap<String, String>) -> Self {
        let text = |key: &str| data.get(key).map(String::as_str).unwrap_or_default();
        let (mut excluded, mut included) = (People::default(), People::default());
        (excluded.groups, included.groups) = people(text("excludeGroups"));
        (excluded.users, included.users) = people(text("excludeUsernames"));
        (excluded.roles, included.roles) = people(text("excludeRoles"));
        (excluded.cluster_roles, included.cluster_roles) = people(text("excludeClusterRoles"));
        let context = match data.get("maxContextSize") {
            None => CONTEXT,
            Some(text) => bytes(text).unwrap_or_else(|| {
                warn!(value = text, "maxContextSize in the ConfigMap is no quantity");
                CONTEXT
            }),
        };
        Self {
            excluded,
            included,
            filters: filters(text("resourceFilters")),
            success_events: parsed(data, "generateSuccessEvents").unwrap_or_default(),
            selectors: json(data, "webhooks"),
            annotations: json(data, "webhookAnnotations"),
            labels: json(data, "webhookLabels"),
            match_conditions: json(data, "matchConditions"),
            context,
        }
    }

    /// Whether somebody's requests are left to themselves.
    pub(super) fn excludes(&self, who: &Who<'_>) -> bool {
        !self.included.has(who) && self.excluded.has(who)
    }

    /// Whether it asks who makes requests.
    pub(super) fn asks_who(&self) -> bool {
        !self.excluded.is_empty()
    }

    /// Whether it asks for their roles.
    pub(super) fn asks_roles(&self) -> bool {
        self.asks_who()
            && [&self.excluded, &self.included].iter().any(|p| !p.roles.is_empty() || !p.cluster_roles.is_empty())
    }

    /// Whether some requests are left to themselves for what they are about.
    pub(super) fn has_filters(&self) -> bool {
        !self.filters.is_empty()
    }

    /// Whether requests about something are left to themselves.
    pub(super) fn filters(&self, about: &About<'_>) -> bool {
        self.filters.iter().any(|f| f.has(about))
    }
}

/// Names that are excluded, and those after `!` which are not.
fn people(text: &str) -> (Vec<Glob>, Vec<Glob>) {
    let (mut excluded, mut included) = (Vec::new(), Vec::new());
    for name in text.split(',').map(str::trim).filter(|n| !n.is_empty()) {
        match name.strip_prefix('!').map(str::trim) {
            Some("") => {}
            Some(name) => included.push(Glob::new(name)),
            None => excluded.push(Glob::new(name)),
        }
    }
    (excluded, included)
}

/// What stands in brackets.
fn filters(text: &str) -> Vec<Filter> {
    text.split('[')
        .skip(1)
        .filter_map(|part| part.split_once(']').map(|(inner, _)| inner))
        .filter_map(|inner| {
            let parts: Vec<&str> = inner.split(',').collect();
            let [kind, namespace, name] = match *parts.as_slice() {
                [kind, namespace, name] => [kind, namespace, name],
                [kind, namespace] => [kind, namespace, ""],
                [kind] => [kind, "", ""],
                _ => return None,
            };
            let kind = if kind.is_empty() { [""; 4] } else { kind_parts(kind).unwrap_or([""; 4]) };
            Some(Filter { kind: kind.map(Glob::new), namespace: Glob::new(namespace), name: Glob::new(name) })
        })
        .collect()
}

fn parsed<T: FromStr>(data: &BTreeMap<String, String>, key: &str) -> Option<T> {
    let text = data.get(key)?;
    let value = text.parse().ok();
    if value.is_none() {
        warn!(key, value = text, "a value of the ConfigMap cannot be read");
    }
    value
}

fn json<T: DeserializeOwned + Default>(data: &BTreeMap<String, String>, key: &str) -> T {
    let Some(text) = data.get(key).filter(|t| !t.trim().is_empty()) else { return T::default() };
    serde_json::from_str(text).unwrap_or_else(|e| {
        warn!(key, error = %e, "a value of the ConfigMap cannot be read");
        T::default()
    })
}

/// The bytes of a quantity.
fn bytes(text: &str) -> Option<usize> {
    let quantity = kyvc_vm::scalar::Quantity::parse(text).ok()?;
    usize::try_from(quantity.value()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Config {
        Config::read(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn people_are_excluded() {
        let found = config(&[("excludeUsernames", "!system:kube-scheduler, system:*"), ("excludeRoles", "a:*")]);
        let who = |user: &'static str, roles: &'static [String]| {
            found.excludes(&Who { user, groups: &[], roles, cluster_roles: &[] })
        };
        assert!(who("system:node", &[]) && !who("system:kube-scheduler", &[]) && !who("me", &[]));
        assert!(found.asks_roles());
        let roles = ["a:b".to_owned()];
        assert!(found.excludes(&Who { user: "me", groups: &[], roles: &roles, cluster_roles: &[] }));
        assert!(!config(&[("excludeGroups", " ,!")]).asks_who());
    }

    #[test]
    fn resources_are_filtered() {
        let found = config(&[("resourceFilters", "[Event,*,*] [*/*,kube-system,*][Node,*,*][Pod/exec,a]")]);
        let about = |kind: &'static str, subresource: &'static str, namespace: &'static str, name: &'static str| {
            found.filters(&About { version: "v1", kind, subresource, namespace, name, group: "" })
        };
        assert!(
            about("Event", "", "a", "b")
                && about("Pod", "", "kube-system", "x")
                && about("Pod", "exec", "kube-system", "x")
        );
        assert!(
            about("Namespace", "", "", "kube-system")
                && !about("Namespace", "", "", "a")
                && !about("Pod", "", "a", "b")
        );
        assert!(!about("Pod", "exec", "a", "b"), "a filter without a name is about things without one");
    }

    #[test]
    fn what_cannot_be_read_is_as_if_it_were_not_there() {
        let found = config(&[("webhooks", "{"), ("maxContextSize", "much"), ("generateSuccessEvents", "yes")]);
        assert!(found.selectors.namespace_selector.is_none() && found.context == CONTEXT && !found.success_events);
        assert_eq!(config(&[("maxContextSize", "1Mi")]).context, 1 << 20);
    }
}
