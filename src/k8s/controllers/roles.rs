//! Which roles users have, by the bindings of the cluster.
//!
//! Kyverno: pkg/userinfo/roleRef.go.

use crate::serve::Roles;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding, Subject};
use std::collections::{BTreeSet, HashMap};

/// A role that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Grant {
    /// `namespace:name`
    Role(String),
    /// A cluster role, in one namespace or in all
    ClusterRole(Option<String>, String),
}

/// The roles by who has them.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    users: HashMap<String, Vec<Grant>>,
    groups: HashMap<String, Vec<Grant>>,
}

impl Bindings {
    /// Reads all bindings.
    pub(super) fn of<'b>(
        roles: impl Iterator<Item = &'b RoleBinding>,
        cluster_roles: impl Iterator<Item = &'b ClusterRoleBinding>,
    ) -> Self {
        let mut all = Self::default();
        for binding in roles {
            let namespace = binding.metadata.namespace.as_deref().unwrap_or_default();
            let name = &binding.role_ref.name;
            let grant = match binding.role_ref.kind.as_str() {
                "Role" => Grant::Role(format!("{namespace}:{name}")),
                "ClusterRole" => Grant::ClusterRole(Some(namespace.to_owned()), name.clone()),
                _ => continue,
            };
            all.add(binding.subjects.as_deref().unwrap_or_default(), namespace, &grant);
        }
        for binding in cluster_roles.filter(|b| b.role_ref.kind == "ClusterRole") {
            let grant = Grant::ClusterRole(None, binding.role_ref.name.clone());
            all.add(binding.subjects.as_deref().unwrap_or_default(), "", &grant);
        }
        all
    }

    fn add(&mut self, subjects: &[Subject], namespace: &str, grant: &Grant) {
        for subject in subjects {
            let (who, name) = match subject.kind.as_str() {
                "ServiceAccount" => {
                    let own = subject.namespace.as_deref().filter(|n| !n.is_empty()).unwrap_or(namespace);
                    if own.is_empty() {
                        continue;
                    }
                    (&mut self.users, format!("system:serviceaccount:{own}:{}", subject.name))
                }
                "Group" => (&mut self.groups, subject.name.clone()),
                "User" => (&mut self.users, subject.name.clone()),
                _ => continue,
            };
            who.entry(name).or_default().push(grant.clone());
        }
    }

    /// The roles of a user in a namespace, sorted.
    pub(super) fn roles(&self, user: &str, groups: &[String], namespace: &str) -> Roles {
        let own = self.users.get(user);
        let grants = own.into_iter().chain(groups.iter().filter_map(|g| self.groups.get(g))).flatten();
        let (mut roles, mut cluster_roles) = (BTreeSet::new(), BTreeSet::new());
        for grant in grants {
            match grant {
                Grant::Role(name) => _ = roles.insert(name.clone()),
                Grant::ClusterRole(within, name) if within.as_deref().is_none_or(|n| n == namespace) => {
                    cluster_roles.insert(name.clone());
                }
                Grant::ClusterRole(..) => {}
            }
        }
        Roles { roles: roles.into_iter().collect(), cluster_roles: cluster_roles.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    fn read<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn roles_of_users_groups_and_accounts() {
        let role =
            |kind: &str, name: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
        let user = json!({"kind": "User", "name": "me"});
        let account = json!({"kind": "ServiceAccount", "name": "robot"});
        let bindings: Vec<RoleBinding> = vec![
            read(
                json!({"metadata": {"namespace": "shop"}, "roleRef": role("Role", "sell"), "subjects": [user, account]}),
            ),
            read(
                json!({"metadata": {"namespace": "shop"}, "roleRef": role("ClusterRole", "edit"), "subjects": [user]}),
            ),
        ];
        let everywhere: Vec<ClusterRoleBinding> = vec![
            read(
                json!({"metadata": {}, "roleRef": role("ClusterRole", "view"), "subjects": [{"kind": "Group", "name": "all"}]}),
            ),
            read(json!({"metadata": {}, "roleRef": role("ClusterRole", "lost"), "subjects": [account]})),
        ];
        let all = Bindings::of(bindings.iter(), everywhere.iter());
        let found = |user: &str, groups: &[&str], namespace: &str| {
            let groups: Vec<String> = groups.iter().map(|g| (*g).to_owned()).collect();
            let Roles { roles, cluster_roles } = all.roles(user, &groups, namespace);
            (roles.join(","), cluster_roles.join(","))
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(found("me", &["all"], "shop"), pair("shop:sell", "edit,view"));
        assert_eq!(found("me", &[], "other"), pair("shop:sell", ""));
        assert_eq!(found("system:serviceaccount:shop:robot", &[], "shop"), pair("shop:sell", ""));
        assert_eq!(found("nobody", &[], "shop"), pair("", ""));
    }
}
