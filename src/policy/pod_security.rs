//! `podSecurity` of validate rules and of exceptions.

use super::fields::{Fields, Problems, Text, closest};
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;
use kyvc_vm::pod_security::{Control, Exclusion, Level, Misuse, Rule, Version};
use kyvc_vm::scalar::Glob;

/// `validate.podSecurity`.
#[derive(Clone, Debug, PartialEq)]
pub struct PodSecurity {
    /// What it says
    pub rule: Rule,
    /// Where it stands
    pub place: Place,
}

impl PodSecurity {
    /// Reads it. Where it says nothing at all, there is nothing to check: such a rule has no results.
    ///
    /// Kyverno: api/kyverno/v1/rule_types.go, HasValidatePodSecurity
    pub fn read(tree: &Tree, path: &str, problems: &Problems) -> Option<Self> {
        let mut f = Fields::of(tree, path, problems);
        let level = f.text("level");
        let version = f.text("version");
        let exclude = f.list("exclude");
        f.finish();
        if level.is_none() && version.is_none() && exclude.is_none() {
            return None;
        }
        let level = level.and_then(|t| {
            let known = Level::parse(&t.text);
            if known.is_none() {
                let message =
                    format!("`{path}.level` has to be `privileged`, `baseline` or `restricted`, found `{}`", t.text);
                problems.add(Code::WrongType, t.place, message);
            }
            known
        });
        let version = version.and_then(|t| version_of(&t, path, problems)).unwrap_or_default();
        let level = level.unwrap_or_default();
        let exclude = exclusions(exclude.unwrap_or_default(), &format!("{path}.exclude"), Some(level), problems);
        Some(Self { rule: Rule { level, version, exclude }, place: tree.place })
    }
}

fn version_of(text: &Text, path: &str, problems: &Problems) -> Option<Version> {
    let known = Version::parse(&text.text).filter(|v| v.is_offered());
    if known.is_none() {
        let (first, last) = (Version::OFFERED.start(), Version::OFFERED.end());
        let message =
            format!("`{path}.version` has to be `latest` or one of `v1.{first}` to `v1.{last}`, found `{}`", text.text);
        problems.add(Code::WrongType, text.place, message);
    }
    known
}

/// Reads a list of exclusions: of a rule with its level, or of an exception.
pub fn exclusions(items: &[Tree], path: &str, level: Option<Level>, problems: &Problems) -> Vec<Exclusion> {
    let items = items.iter().enumerate();
    items.filter_map(|(i, tree)| strict(tree, &format!("{path}[{i}]"), level, problems)).collect()
}

fn strict(tree: &Tree, path: &str, level: Option<Level>, problems: &Problems) -> Option<Exclusion> {
    if tree.value == Value::Null {
        super::fields::wrong_type(problems, path, tree, "a map");
        return None;
    }
    let mut f = Fields::of(tree, path, problems);
    let name = f.text("controlName");
    f.texts("images");
    let field = f.text("restrictedField");
    f.texts("values");
    f.finish();
    let (place, written) = name.map_or((tree.place, String::new()), |t| (t.place, t.text));
    let Some(exclusion) = exclusion(tree) else {
        let names = Control::ALL.map(Control::name);
        let help = match closest(&written, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", names.join(", ")),
        };
        let message = format!("`{path}.controlName` has to be the name of a control, found `{written}`");
        problems.add_with(Code::WrongType, place, message, Some(help));
        return None;
    };
    let control = exclusion.control.name();
    for misuse in exclusion.misuses(level) {
        let message = match misuse {
            Misuse::ImagesMissing => format!("`{control}` is about containers, so `{path}.images` has to name some"),
            Misuse::ImagesGiven => format!("`{control}` is about the pod, so `{path}.images` has to be left out"),
            Misuse::ValuesMissing => format!("`{path}.restrictedField` needs `values`"),
            Misuse::FieldMissing => format!("`{path}.values` needs a `restrictedField`"),
            Misuse::WrongLevel => format!("the level `baseline` has no control `{control}`"),
        };
        // Kyverno looks for misuses of exceptions when it admits them, and takes them as they are everywhere else.
        let code = if level.is_some() { Code::BadExclusion } else { Code::UselessExclusion };
        problems.add(code, place, message);
    }
    if let Some(field) = field.filter(|f| !f.text.is_empty() && !exclusion.control.looks_at(&f.text)) {
        let message = format!("no check of `{control}` looks at `{}`, so this excludes nothing", field.text);
        let help = "fields are written as in Kyverno's messages about pods, with `*` for positions in lists".to_owned();
        problems.add_with(Code::UselessExclusion, field.place, message, Some(help));
    }
    Some(exclusion)
}

/// An exclusion as it is written, without a word about what is wrong with it; none where it names no control.
pub fn exclusion(tree: &Tree) -> Option<Exclusion> {
    let globs = |key| match tree.get(key).map(|t| &t.value) {
        Some(Value::List(items)) => items.iter().filter_map(Tree::as_str).map(Glob::new).collect(),
        _ => Vec::new(),
    };
    Some(Exclusion {
        control: Control::parse(tree.get("controlName")?.as_str()?)?,
        images: globs("images"),
        field: tree.get("restrictedField").and_then(Tree::as_str).unwrap_or_default().into(),
        values: globs("values"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;
    use crate::yaml::{self, ReadOptions};
    use kyvc_vm::document::Layout;

    fn read(text: &str) -> (Option<PodSecurity>, Vec<String>) {
        let source = Source::new("p.yaml", text);
        let layout = Layout::everything();
        let (docs, error) = yaml::read_all(&source, &layout, ReadOptions::policy());
        assert_eq!(error, None);
        let doc = docs.first().unwrap();
        let problems = Problems::new(source.clone());
        let read = PodSecurity::read(&Tree::of(doc, doc.root().unwrap()), "p", &problems);
        (read, problems.into_inner().into_iter().map(|d| format!("{} {}", d.code, d.message)).collect())
    }

    #[test]
    fn rules() {
        let (read, problems) = read(
            "{level: baseline, version: v1.24, exclude: [{controlName: Seccomp, images: ['a*'], \
             restrictedField: 'spec.containers[*].securityContext.seccompProfile.type', values: [x]}]}",
        );
        assert_eq!(problems, [""; 0]);
        let rule = read.unwrap().rule;
        assert_eq!((rule.level, rule.version), (Level::Baseline, Version::Minor(24)));
        let exclusion = &rule.exclude[0];
        assert_eq!(exclusion.control, Control::Seccomp);
        assert!(exclusion.images[0].matches("abc") && exclusion.values[0].matches("x"));
    }

    #[test]
    fn what_says_nothing_is_no_rule() {
        for text in ["{}", "{level: null, version: null, exclude: null}"] {
            assert_eq!(read(text), (None, vec![]), "{text}");
        }
        assert_eq!(read("{exclude: []}").0.unwrap().rule, Rule::default());
    }

    #[test]
    fn problems() {
        let table = [
            ("{level: foo}", "K0303 `p.level` has to be `privileged`, `baseline` or `restricted`, found `foo`"),
            ("{level: 5}", "K0303 `p.level` has to be a string, found a number"),
            ("{version: v1.33}", "K0303 `p.version` has to be `latest` or one of `v1.19` to `v1.32`, found `v1.33`"),
            ("{level: baseline, x: 1}", "K0301 unknown field `p.x`"),
            (
                "{exclude: [{controlName: Host Port}]}",
                "K0303 `p.exclude[0].controlName` has to be the name of a control, found `Host Port`",
            ),
            ("{exclude: [{}]}", "K0303 `p.exclude[0].controlName` has to be the name of a control, found ``"),
            ("{exclude: [null]}", "K0303 `p.exclude[0]` has to be a map, found null"),
            (
                "{exclude: [{controlName: Host Ports}]}",
                "K0313 `Host Ports` is about containers, so `p.exclude[0].images` has to name some",
            ),
            (
                "{exclude: [{controlName: Sysctls, images: [a]}]}",
                "K0313 `Sysctls` is about the pod, so `p.exclude[0].images` has to be left out",
            ),
            (
                "{exclude: [{controlName: Sysctls, values: [a]}]}",
                "K0313 `p.exclude[0].values` needs a `restrictedField`",
            ),
            (
                "{level: baseline, exclude: [{controlName: Volume Types}]}",
                "K0313 the level `baseline` has no control `Volume Types`",
            ),
            (
                "{exclude: [{controlName: Volume Types, restrictedField: 'spec.volumes[*]', values: [a]}]}",
                "K0905 no check of `Volume Types` looks at `spec.volumes[*]`, so this excludes nothing",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).1, [expected], "{text}");
        }
    }
}
