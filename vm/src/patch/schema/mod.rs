//! The schemas of built-in kinds, as far as a strategic merge asks for them: which lists are merged, and by which keys.
//!
//! Kyverno merges with kustomize's kyaml, which has its own copy of an OpenAPI document: that of Kubernetes v1.21.2,
//! whatever the cluster's version is. `table.txt` is kyaml's, made by `tests/schema.rs`. Against Kubernetes v1.36,
//!
//! - kinds that came later are like custom resources: their lists are replaced. `autoscaling/v2`,
//!   `ValidatingAdmissionPolicy`, `flowcontrol.apiserver.k8s.io/v1` and `resource.k8s.io` are some with such lists;
//! - fields that came later are unknown: `schedulingGates`, `resourceClaims` and the ports of `ephemeralContainers` of a
//!   Pod, `matchConditions` of webhooks, `hostIPs` of a Pod's status;
//! - kinds that are gone since are still known. Nothing that both have differs.

use std::sync::LazyLock;

const TEXT: &str = include_str!("table.txt");

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(TEXT));

/// What is known of a value: the schemas of its members, or the merge keys of its elements.
#[derive(Debug)]
pub(super) struct Shape {
    /// Whether this or something below is a list that is merged.
    reaches: bool,
    /// Merge keys, none for a set of scalars, and the schema of the elements.
    list: Option<(Box<[&'static str]>, Option<u16>)>,
    /// Of members that no field names.
    values: Option<u16>,
    /// Sorted by length and name.
    fields: Box<[(&'static str, u16)]>,
}

/// The schema of a value; many values have none.
pub(super) type Schema = &'static Shape;

#[derive(Debug, Default)]
struct Table {
    /// Kind, version and shape, sorted by their lengths first.
    kinds: Vec<(&'static str, &'static str, u16)>,
    shapes: Vec<Shape>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        let (kinds, shapes) = text.split_once("\n\n").unwrap_or((text, ""));
        for line in kinds.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let (kind, shape) = (words.next().unwrap_or(""), words.next().and_then(number).unwrap_or(0));
            table.kinds.extend(words.map(|version| (kind, version, shape)));
        }
        table.kinds.sort_unstable_by_key(|(kind, version, _)| by_length(kind, version));
        table.shapes = shapes.lines().map(Shape::read).collect();
        table
    }

    fn shape(&self, number: u16) -> Option<&Shape> {
        self.shapes.get(usize::from(number))
    }
}

fn number(word: &str) -> Option<u16> {
    word.parse().ok()
}

/// Most are told apart without a look at their texts.
fn by_length<'t>(kind: &'t str, version: &'t str) -> ((usize, usize), &'t str, &'t str) {
    ((kind.len(), version.len()), kind, version)
}

/// The schema of a kind.
pub(super) fn of_kind(api_version: &str, kind: &str) -> Option<Schema> {
    let wanted = by_length(kind, api_version);
    let at = TABLE.kinds.binary_search_by(|(k, v, _)| by_length(k, v).cmp(&wanted)).ok()?;
    TABLE.kinds.get(at).and_then(|(_, _, number)| TABLE.shape(*number))
}

impl Shape {
    fn read(line: &'static str) -> Self {
        let mut shape = Self { reaches: line.starts_with('+'), list: None, values: None, fields: Box::default() };
        let mut fields = Vec::new();
        for word in line.split(' ').skip(1) {
            if let Some((keys, elements)) = word.strip_prefix('[').and_then(|list| list.split_once(']')) {
                let keys = keys.split(',').filter(|key| !key.is_empty()).collect();
                shape.list = Some((keys, number(elements)));
            } else if let Some(values) = word.strip_prefix('*') {
                shape.values = number(values);
            } else {
                let (name, field) = word.split_once('=').unwrap_or((word, "0"));
                fields.push((name, number(field).unwrap_or(0)));
            }
        }
        fields.sort_unstable_by_key(|(name, _)| (name.len(), *name));
        shape.fields = fields.into();
        shape
    }

    /// The schema of a member.
    pub(super) fn field(&self, name: &str) -> Option<Schema> {
        match self.fields.binary_search_by(|(field, _)| (field.len(), *field).cmp(&(name.len(), name))) {
            Ok(at) => self.fields.get(at).and_then(|(_, number)| TABLE.shape(*number)),
            Err(_) => self.values.and_then(|number| TABLE.shape(number)),
        }
    }

    /// The merge keys of a list that is merged, and the schema of its elements.
    pub(super) fn list(&self) -> Option<(&[&'static str], Option<Schema>)> {
        self.list.as_ref().map(|(keys, elements)| (&**keys, elements.and_then(|number| TABLE.shape(number))))
    }

    /// Whether this or something below is a list that is merged.
    pub(super) fn reaches_list(&self) -> bool {
        self.reaches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(kind: Option<Schema>, path: &[&str]) -> Option<Vec<&'static str>> {
        let mut at = kind?;
        for name in path {
            at = match *name {
                "[]" => at.list()?.1?,
                name => at.field(name)?,
            };
        }
        at.list().map(|(keys, _)| keys.to_vec())
    }

    #[test]
    fn merge_keys_of_built_in_kinds() {
        let pod = of_kind("v1", "Pod");
        assert_eq!(keys(pod, &["spec", "containers"]), Some(vec!["name"]));
        assert_eq!(keys(pod, &["spec", "containers", "[]", "ports"]), Some(vec!["containerPort", "protocol"]));
        assert_eq!(keys(pod, &["spec", "containers", "[]", "volumeMounts"]), Some(vec!["mountPath"]));
        assert_eq!(keys(pod, &["spec", "tolerations"]), None);
        assert_eq!(keys(pod, &["metadata", "finalizers"]), Some(vec![]));
        assert_eq!(keys(of_kind("v1", "Service"), &["spec", "ports"]), Some(vec!["port", "protocol"]));
        let template = ["spec", "template", "spec", "initContainers"];
        assert_eq!(keys(of_kind("apps/v1", "Deployment"), &template), Some(vec!["name"]));
        assert!(of_kind("example.com/v1", "Widget").is_none());
    }

    #[test]
    fn the_schema_is_that_of_kubernetes_1_21() {
        assert!(of_kind("autoscaling/v2", "HorizontalPodAutoscaler").is_none());
        assert!(of_kind("policy/v1beta1", "PodSecurityPolicy").is_some());
        let pod = of_kind("v1", "Pod").and_then(|s| s.field("spec"));
        assert!(pod.is_some_and(|s| s.field("ephemeralContainers").is_some() && s.field("resourceClaims").is_none()));
    }

    /// Any label has a schema, which says nothing: a map there is not taken for an object of some kind.
    #[test]
    fn members_without_a_field() {
        let labels = of_kind("v1", "Pod").and_then(|s| s.field("metadata")).and_then(|s| s.field("labels"));
        let value = labels.and_then(|s| s.field("anything"));
        assert!(value.is_some_and(|s| !s.reaches_list() && s.field("apiVersion").is_none()));
    }

    /// Every word of the table was understood, and every number names a shape.
    #[test]
    fn the_table_is_whole() {
        assert_eq!((TABLE.kinds.len(), TABLE.shapes.len()), (274, 324));
        let known = |number: u16| usize::from(number) < TABLE.shapes.len();
        assert!(TABLE.kinds.iter().all(|(_, _, number)| *number > 0 && known(*number)));
        for shape in &TABLE.shapes {
            let elements = shape.list.as_ref().and_then(|(_, elements)| *elements);
            assert!(shape.values.iter().chain(&elements).all(|number| known(*number)));
            assert!(shape.fields.iter().all(|(name, number)| !name.is_empty() && known(*number)));
        }
    }
}
