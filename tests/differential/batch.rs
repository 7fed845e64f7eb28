//! Batches: some policies, some manifests, and what else the command line gets.

use super::grammar::{
    Around, Gen, Tags, cleanup, company, constructs, exceptions, manifest, policy, secured, shapes, signed,
};
use super::rng::Rng;
use super::seeds;
use super::theme::Theme;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A policy or a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The document.
    pub(crate) doc: Value,
    /// The constructs that stand in it.
    pub(crate) tags: Tags,
    /// A policy's exceptions.
    pub(crate) exceptions: Vec<Value>,
    /// Values for a policy's rules, as a values file has them.
    pub(crate) values: Vec<Value>,
}

impl Item {
    /// A document without anything around it.
    pub(crate) fn new(doc: Value, tags: Tags) -> Self {
        Self { doc, tags, exceptions: Vec::new(), values: Vec::new() }
    }

    /// `metadata.name`, empty where there is none.
    pub(crate) fn name(&self) -> &str {
        self.doc["metadata"]["name"].as_str().unwrap_or("")
    }

    /// Whether it is a policy that changes the objects that it is about.
    pub(crate) fn mutates(&self) -> bool {
        let changes = |r: &Value| r.get("mutate").is_some() || r.get("verifyImages").is_some();
        self.doc["spec"]["rules"].as_array().is_some_and(|rules| rules.iter().any(changes))
    }

    /// The same under another name.
    pub(crate) fn renamed(&self, name: &str) -> Self {
        let mut item = self.clone();
        item.rename(name);
        item
    }

    /// Gives the document another name. A policy's exceptions stay its own.
    pub(crate) fn rename(&mut self, name: &str) {
        let old = self.name().to_owned();
        for about in self.exceptions.iter_mut().filter_map(|e| e.pointer_mut("/spec/exceptions/0/policyName")) {
            let new = match about.as_str().and_then(|full| full.strip_suffix(old.as_str())) {
                Some(before) if before.is_empty() || before.ends_with('/') => json!(format!("{before}{name}")),
                _ => continue,
            };
            *about = new;
        }
        if let Some(metadata) = self.doc.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("name".to_owned(), json!(name));
        }
    }
}

/// What the command line gets besides policies and manifests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flavour {
    /// A values file: labels of namespaces, the operation.
    pub(crate) values: Option<Value>,
    /// A user info file.
    pub(crate) user_info: Option<Value>,
    /// Resources beside the manifests; there are no rows about them.
    pub(crate) company: Vec<Value>,
    /// Where the exceptions of policies stand.
    pub(crate) exceptions: Place,
}

/// Where the exceptions of policies stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the file of `--exception`.
    #[default]
    File,
    /// In several files of `--exceptions`.
    Files,
    /// Among the resources.
    Resources,
    /// Among the policies.
    Policies,
}

impl Place {
    /// All of them.
    const ALL: [Self; 4] = [Self::File, Self::Resources, Self::Files, Self::Policies];

    /// The construct.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::File => "flavour/exceptions-in-a-file",
            Self::Files => "flavour/exceptions-in-files",
            Self::Resources => "flavour/exceptions-with-resources",
            Self::Policies => "flavour/exceptions-within-policies",
        }
    }
}

impl Flavour {
    /// What it comes to for one pair: an operation of that pair becomes the operation of all.
    fn of(&self, policy: &str, manifest: &str) -> Self {
        let mut flavour = self.clone();
        let Some(values) = flavour.values.as_mut().and_then(Value::as_object_mut) else { return flavour };
        let named = |list: &Value, name: &str| list.as_array()?.iter().find(|e| e["name"] == name).cloned();
        let own = values.remove("policies").and_then(|list| named(&list, policy));
        if let Some(resource) = own.and_then(|p| named(&p["resources"], manifest)) {
            values.insert("globalValues".to_owned(), resource["values"].clone());
        }
        flavour
    }
}

/// Policies that are all applied to all manifests, in one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// What it is about.
    pub(crate) theme: Theme,
    /// Policies that are applied before, where a pair stands alone that did not.
    pub(crate) before: Vec<Item>,
    /// The policies, one file each.
    pub(crate) policies: Vec<Item>,
    /// The manifests, one file for all.
    pub(crate) manifests: Vec<Item>,
    /// Objects that exist besides.
    pub(crate) targets: Vec<Item>,
    /// The rest of the command line.
    pub(crate) flavour: Flavour,
}

/// Manifests in a batch; many policies and few manifests, because the constructs are in the policies.
const MANIFESTS: usize = 14;

impl Batch {
    /// The number of pairs.
    pub(crate) fn pairs(&self) -> usize {
        self.policies.len() * self.manifests.len()
    }

    /// The batch with one policy and one manifest, and what the policy's answer may hang on.
    pub(crate) fn pair(&self, policy: usize, manifest: usize) -> Self {
        let subject = &self.policies[policy];
        let mut pair = self.clone();
        let others: Vec<Item> =
            self.manifests.iter().enumerate().filter(|(i, _)| *i != manifest).map(|(_, m)| m.clone()).collect();
        if self.theme.chains() {
            let earlier = if subject.mutates() { policy } else { self.policies.len() };
            let before = self.policies[..earlier].iter().filter(|p| p.mutates() && p.name() != subject.name());
            pair.before.extend(before.cloned());
            pair.targets.extend(others.iter().cloned());
        }
        pair.flavour = self.flavour.of(subject.name(), self.manifests[manifest].name());
        if !pair.flavour.company.is_empty() {
            pair.flavour.company.extend(others.into_iter().map(|m| m.doc));
        }
        pair.policies = vec![subject.clone()];
        pair.manifests = vec![self.manifests[manifest].clone()];
        pair
    }

    /// The values file, with what policies bring along.
    pub(crate) fn values(&self) -> Option<Value> {
        let mut values = self.flavour.values.clone()?;
        let mut policies = values["policies"].as_array().cloned().unwrap_or_default();
        for policy in self.policies.iter().filter(|p| !p.values.is_empty()) {
            match policies.iter_mut().find(|p| p["name"] == policy.name()) {
                Some(entry) => entry["rules"] = json!(policy.values),
                None => policies.push(json!({ "name": policy.name(), "rules": policy.values })),
            }
        }
        values["policies"] = Value::Array(policies);
        Some(values)
    }

    /// The exceptions of all policies.
    pub(crate) fn exceptions(&self) -> Vec<&Value> {
        self.policies.iter().flat_map(|p| &p.exceptions).collect()
    }

    /// Whether a resource stands beside the manifests.
    pub(crate) fn is_beside(&self, name: &str) -> bool {
        let named = |doc: &Value| doc["metadata"]["name"].as_str().unwrap_or("") == name;
        name.starts_with(exceptions::NAME) || self.flavour.company.iter().any(named)
    }

    /// Two halves, or None for a single pair.
    pub(crate) fn halves(&self) -> Option<(Self, Self)> {
        let (mut a, mut b) = (self.clone(), self.clone());
        if self.policies.len() > 1 {
            b.policies = a.policies.split_off(self.policies.len() / 2);
        } else if self.manifests.len() > 1 {
            b.manifests = a.manifests.split_off(self.manifests.len() / 2);
        } else {
            return None;
        }
        Some((a, b))
    }
}

/// Makes batch after batch.
#[derive(Debug)]
pub(crate) struct Source {
    rng: Rng,
    made: usize,
    policies: usize,
    themes: Vec<(Theme, usize)>,
    plain: bool,
    seeds: Vec<seeds::Seed>,
    /// How often each construct came up, in pairs, and how often it was featured.
    seen: BTreeMap<&'static str, usize>,
}

impl Source {
    /// A source for a seed, of some themes; only plain command lines where `plain`.
    pub(crate) fn new(seed: u64, themes: &[Theme], plain: bool, seeds: Vec<seeds::Seed>) -> Self {
        let themes = themes.iter().map(|t| (*t, 0)).collect();
        Self { rng: Rng::new(seed), made: 0, policies: 0, themes, plain, seeds, seen: BTreeMap::new() }
    }

    /// The theme with the fewest pairs for its weight, which gets some more.
    fn theme(&mut self, most: usize) -> (Theme, usize) {
        let rarest = self.themes.iter_mut().min_by_key(|(theme, pairs)| *pairs / theme.weight());
        let Some((theme, pairs)) = rarest else { return (Theme::default(), most) };
        let policies = theme.policies().min(most);
        *pairs += policies * MANIFESTS;
        (*theme, policies)
    }

    /// The next batch, of about `pairs` pairs if that is fewer than usual.
    pub(crate) fn next(&mut self, pairs: usize) -> Batch {
        let (theme, policies) = self.theme(pairs.div_ceil(MANIFESTS).max(1));
        let mut batch = Batch { theme, ..Batch::default() };
        let focus = shapes::focus(&mut self.rng);
        batch.manifests = (0..MANIFESTS).map(|i| self.manifest(i, theme, &focus)).collect();
        let first = self.policies;
        self.policies += policies;
        batch.policies = (0..policies).map(|i| self.policy(first + i, theme, &focus, &batch.manifests)).collect();
        self.sow(&mut batch);
        if theme == Theme::Images {
            self.annotate(&mut batch);
        }
        batch.flavour = self.flavour(&batch);
        self.made += 1;
        for (items, pairs) in [(&batch.policies, batch.manifests.len()), (&batch.manifests, batch.policies.len())] {
            for tag in items.iter().flat_map(|item| &item.tags) {
                *self.seen.entry(tag).or_default() += pairs;
            }
        }
        batch
    }

    /// The construct of a table that came up least; one that is asked for in vain gets its turn less and less.
    fn feature(&mut self, table: &[&'static str], pairs: usize) -> Option<&'static str> {
        let rarest = table.iter().min_by_key(|tag| self.seen.get(**tag).copied().unwrap_or(0)).copied()?;
        *self.seen.entry(rarest).or_default() += pairs / 2;
        Some(rarest)
    }

    fn policy(&mut self, n: usize, theme: Theme, focus: &[usize], manifests: &[Item]) -> Item {
        let refused = theme.refused();
        let (table, some) = if !refused.is_empty() && n % 5 == 4 {
            (refused.to_vec(), refused.len().min(4))
        } else {
            (theme.featured().into_iter().filter(|tag| !refused.contains(tag)).collect(), theme.at_once())
        };
        let featured: Vec<_> = (0..some).filter_map(|_| self.feature(&table, MANIFESTS)).collect();
        let mut g = Gen::new(self.rng.fork(), focus.to_vec(), featured);
        g.theme = theme;
        if g.rng.chance(75) {
            let n = manifests.len();
            let some: Vec<usize> = (0..3).map(|_| g.rng.below(n)).collect();
            // Rather one of a kind that others have too.
            let pods = some.iter().find(|i| manifests[**i].doc["kind"] == "Pod");
            g.aim = Some(manifests[*pods.unwrap_or(&some[0])].doc.clone());
        }
        g.around = Around { values: !self.plain && self.made % 2 == 1, company: !self.plain };
        let name = format!("p{n}");
        let doc = match theme {
            Theme::Cleanup => cleanup::policy(&mut g, &name),
            _ => policy::policy(&mut g, &name),
        };
        let exceptions = if self.plain { Vec::new() } else { exceptions::of(&mut g, &doc) };
        Item { doc, tags: g.tags, exceptions, values: g.values_of_rules }
    }

    fn manifest(&mut self, n: usize, theme: Theme, focus: &[usize]) -> Item {
        // One that stays: every third is replaced by a seed.
        let featured = if n % 3 == 1 { self.feature(constructs::MANIFEST, theme.policies()) } else { None };
        let featured: Vec<_> = featured.into_iter().collect();
        let mut g = Gen::new(self.rng.fork(), focus.to_vec(), featured);
        g.theme = theme;
        let usual = g.rng.chance(15);
        let doc = match theme {
            Theme::PodSecurity if !usual => secured::manifest(&mut g, n),
            Theme::Images if !usual => signed::manifest(&mut g, n),
            _ => manifest::manifest(&mut g, n),
        };
        Item::new(doc, g.tags)
    }

    fn flavour(&mut self, batch: &Batch) -> Flavour {
        let mut rng = self.rng.fork();
        if self.plain {
            return Flavour::default();
        }
        let turn = self.made % 4;
        Flavour {
            values: (turn == 1 || turn == 3).then(|| values(&mut rng, batch)),
            user_info: (turn == 2 || turn == 3).then(|| user_info(&mut rng)),
            company: company::resources(&mut rng),
            exceptions: Place::ALL[turn],
        }
    }

    /// Says of the images of some manifests that they were verified, or were not.
    fn annotate(&mut self, batch: &mut Batch) {
        let mut g = Gen::new(self.rng.fork(), Vec::new(), Vec::new());
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let named = |p: &Item| -> Vec<(String, String)> {
            let key = format!("{}/{}", text(&p.doc["metadata"]["namespace"]), p.name());
            let rules = p.doc["spec"]["rules"].as_array().into_iter().flatten();
            rules.map(|r| (key.clone(), text(&r["name"]))).collect()
        };
        let rules: Vec<(String, String)> = batch.policies.iter().flat_map(named).collect();
        for manifest in &mut batch.manifests {
            if g.rng.chance(25) {
                signed::annotate(&mut g, &mut manifest.doc, &rules);
            }
        }
    }

    /// Replaces some documents by mutated seeds, where there are any.
    fn sow(&mut self, batch: &mut Batch) {
        if self.seeds.is_empty() || !matches!(batch.theme, Theme::Checks | Theme::Mixed) {
            return;
        }
        let mut g = Gen::new(self.rng.fork(), Vec::new(), Vec::new());
        for i in 0..batch.policies.len() / 4 {
            let seed = g.rng.pick(&self.seeds).clone();
            let at = 4 * i;
            let name = batch.policies[at].name().to_owned();
            batch.policies[at] = seeds::policy(&mut g, &seed, &name);
            if i < batch.manifests.len() / 3 && !seed.manifests.is_empty() {
                batch.manifests[3 * i] = seeds::manifest(&mut g, &seed, 3 * i);
            }
        }
    }
}

fn values(rng: &mut Rng, batch: &Batch) -> Value {
    let labels =
        |name: &str, env: &str| json!({ "name": name, "labels": { "env": env, "kubernetes.io/metadata.name": name } });
    let mut values = json!({
        "apiVersion": "cli.kyverno.io/v1alpha1",
        "kind": "Values",
        "metadata": { "name": "values" },
        "namespaceSelector": [labels("default", "dev"), labels("prod", "prod"), labels("prod-eu", "prod"), { "name": "dev", "labels": { "team": "x" } }],
    });
    if rng.chance(25) {
        values["globalValues"] = json!({ "request.operation": "UPDATE" });
    } else if rng.chance(40) {
        values["globalValues"] =
            json!({ "request.namespace": "given", "request.name": "x", "request.extra.deep": [1] });
    }
    values["policies"] =
        batch.policies.iter().map(|p| json!({ "name": p.name(), "resources": operations(rng, batch) })).collect();
    values
}

/// An operation of its own for some pairs of a policy.
fn operations(rng: &mut Rng, batch: &Batch) -> Value {
    let mut list = Vec::new();
    for manifest in batch.manifests.iter().filter(|m| !m.name().is_empty()) {
        if rng.chance(12) {
            let operation = *rng.pick(&["UPDATE", "UPDATE", "DELETE", "CREATE", "CONNECT"]);
            list.push(json!({ "name": manifest.name(), "values": { "request.operation": operation } }));
        }
    }
    Value::Array(list)
}

fn user_info(rng: &mut Rng) -> Value {
    let user = *rng.pick(&["alice", "bob", "system:serviceaccount:dev:builder", "system:serviceaccount:prod:x"]);
    let (roles, cluster_roles): (&[&str], &[&str]) =
        if rng.chance(60) { (&["dev:editor", "prod:viewer"], &["admin", "cluster-reader"]) } else { (&[], &[]) };
    json!({
        "apiVersion": "cli.kyverno.io/v1alpha1",
        "kind": "UserInfo",
        "metadata": { "name": "user" },
        "roles": roles,
        "clusterRoles": cluster_roles,
        "userInfo": { "username": user, "groups": ["devs", "system:authenticated"] },
    })
}
