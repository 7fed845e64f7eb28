//! What Kubernetes says about the violation of a check.
//!
//! Kubernetes: k8s.io/pod-security-admission/policy

use kyvc_vm::builtin::go_quote;
use kyvc_vm::pod_security::{At, Bad, Check, Finding, Place, Violation};
use std::collections::BTreeSet;

/// Why the pod is forbidden, in a few words.
pub fn reason(violation: &Violation<'_>) -> &'static str {
    match violation.check {
        Check::AllowPrivilegeEscalation => "allowPrivilegeEscalation != false",
        Check::AppArmorProfile if app_armor(violation).len() == 1 => "forbidden AppArmor profile",
        Check::AppArmorProfile => "forbidden AppArmor profiles",
        Check::CapabilitiesBaseline => "non-default capabilities",
        Check::CapabilitiesRestricted => "unrestricted capabilities",
        Check::HostNamespaces => "host namespaces",
        Check::HostPathVolumes => "hostPath volumes",
        Check::HostPorts => "hostPort",
        Check::HostProbes => "probe or lifecycle host",
        Check::Privileged => "privileged",
        Check::ProcMount => "procMount",
        Check::RestrictedVolumes => "restricted volume types",
        Check::RunAsNonRoot => "runAsNonRoot != true",
        Check::RunAsUser => "runAsUser=0",
        Check::SeLinuxOptions => "seLinuxOptions",
        Check::SeccompBaseline | Check::SeccompRestricted => "seccompProfile",
        Check::Sysctls => "forbidden sysctls",
        Check::WindowsHostProcess => "hostProcess",
    }
}

/// What is forbidden, and in which containers. Exclusions leave it as it is.
pub fn detail(violation: &Violation<'_>) -> String {
    let all = Of(violation.findings.iter().collect());
    let set = all.only(|f| f.value != Bad::Required);
    let unset = all.only(|f| f.value == Bad::Required);
    match violation.check {
        Check::AllowPrivilegeEscalation => {
            format!("{} must set securityContext.allowPrivilegeEscalation=false", all.containers())
        }
        Check::AppArmorProfile => {
            format!("{} must not set AppArmor profile type to {}", all.setters(), quoted(app_armor(violation)))
        }
        Check::CapabilitiesBaseline => all.added(),
        Check::CapabilitiesRestricted => capabilities(&all),
        Check::HostNamespaces => {
            let field = |f: &&Finding<'_>| f.at.to_string().replacen("spec.", "", 1) + "=true";
            all.0.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        Check::HostPathVolumes => all.volumes(),
        Check::HostPorts => {
            let ports = set_of(all.0.iter().filter_map(|f| match f.value {
                Bad::Int(port) => Some(port.to_string()),
                _ => None,
            }));
            let (count, use_) = (all.places().len(), plural("hostPort", "hostPorts", ports.len()));
            format!("{} {} {use_} {}", all.containers(), plural("uses", "use", count), ports.join(", "))
        }
        Check::HostProbes => {
            let names = set_of(all.places().iter().map(|p| p.name.to_owned()));
            let hosts = all.values();
            format!(
                "{} {} {} {} {}",
                plural("container", "containers", names.len()),
                quoted(&names),
                plural("uses", "use", names.len()),
                plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.len()),
                quoted(hosts)
            )
        }
        Check::Privileged => format!("{} must not set securityContext.privileged=true", all.containers()),
        Check::ProcMount => {
            format!("{} must not set securityContext.procMount to {}", all.containers(), quoted(all.values()))
        }
        Check::RestrictedVolumes => {
            let types = set_of(all.0.iter().filter_map(|f| match f.at {
                At::Volume { source, .. } => Some(source.to_owned()),
                _ => None,
            }));
            format!(
                "{} {} {} {}",
                all.volumes(),
                plural("uses", "use", all.0.len()),
                plural("restricted volume type", "restricted volume types", types.len()),
                quoted(types)
            )
        }
        Check::RunAsNonRoot => {
            let said = |of: &Of<'_, '_>, text: String| (!of.0.is_empty()).then_some(text);
            let must_not = format!("{} must not set securityContext.runAsNonRoot=false", set.setters());
            let must = format!("pod or {} must set securityContext.runAsNonRoot=true", unset.containers());
            said(&set, must_not).into_iter().chain(said(&unset, must)).collect::<Vec<_>>().join("\n")
        }
        Check::RunAsUser => format!("{} must not set runAsUser=0", all.setters()),
        Check::SeLinuxOptions => se_linux(&all),
        Check::SeccompBaseline | Check::SeccompRestricted => seccomp(&set, &unset),
        Check::Sysctls => all.0.iter().filter_map(|f| text(f)).collect::<Vec<_>>().join(", "),
        Check::WindowsHostProcess => {
            format!("{} must not set securityContext.windowsOptions.hostProcess=true", all.setters())
        }
    }
}

/// The values of AppArmor profiles, then the annotations.
fn app_armor(violation: &Violation<'_>) -> Vec<String> {
    let all = Of(violation.findings.iter().collect());
    let mut values = all.only(|f| !matches!(f.at, At::Annotation(_))).values();
    values.extend(all.annotations());
    values
}

fn capabilities(all: &Of<'_, '_>) -> String {
    let adding = |f: &Finding<'_>| matches!(f.at, At::Container(_, field) if field.ends_with(".add"));
    let (missing, adding) = (all.only(|f| !adding(f)), all.only(adding));
    let must = format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", missing.containers());
    let details = [(&missing, must), (&adding, adding.added())];
    details.into_iter().filter(|(of, _)| !of.0.is_empty()).map(|(_, text)| text).collect::<Vec<_>>().join("; ")
}

fn se_linux(all: &Of<'_, '_>) -> String {
    let option = |name: &'static str| {
        all.only(move |f| matches!(f.at, At::Pod(field) | At::Container(_, field) if field.ends_with(name)))
    };
    let types = option(".type").values();
    let mut said = Vec::new();
    if !types.is_empty() {
        said.push(format!("{} {}", plural("type", "types", types.len()), quoted(types)));
    }
    for (name, text) in [(".user", "user may not be set"), (".role", "role may not be set")] {
        if !option(name).0.is_empty() {
            said.push(text.to_owned());
        }
    }
    format!("{} set forbidden securityContext.seLinuxOptions: {}", all.setters(), said.join("; "))
}

fn seccomp(set: &Of<'_, '_>, unset: &Of<'_, '_>) -> String {
    let annotations = set.annotations();
    if !annotations.is_empty() {
        let what = plural("annotation", "annotations", annotations.len());
        return format!("forbidden {what} {}", annotations.join(", "));
    }
    if set.0.is_empty() {
        let containers = unset.containers();
        return format!(
            "pod or {containers} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        );
    }
    format!("{} must not set securityContext.seccompProfile.type to {}", set.setters(), quoted(set.values()))
}

/// Some of the findings.
struct Of<'v, 'p>(Vec<&'v Finding<'p>>);

impl<'v, 'p> Of<'v, 'p> {
    fn only(&self, keep: impl Fn(&Finding<'p>) -> bool) -> Self {
        Self(self.0.iter().copied().filter(|f| keep(f)).collect())
    }

    /// The containers, each once: what was found in one stands together.
    fn places(&self) -> Vec<Place<'p>> {
        let mut places: Vec<Place<'p>> = Vec::new();
        for place in self.0.iter().filter_map(|f| f.at.container()) {
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        places
    }

    /// `container "a"`, or `containers "a", "b"`
    fn containers(&self) -> String {
        let names: Vec<_> = self.places().iter().map(|p| p.name).collect();
        format!("{} {}", plural("container", "containers", names.len()), quoted(names))
    }

    /// `volume "a"`, or `volumes "a", "b"`
    fn volumes(&self) -> String {
        let name = |f: &&Finding<'p>| match f.at {
            At::Volume { name, .. } => Some(name),
            _ => None,
        };
        let names: Vec<_> = self.0.iter().filter_map(name).collect();
        format!("{} {}", plural("volume", "volumes", names.len()), quoted(names))
    }

    /// Who set something: the pod, containers, annotations.
    fn setters(&self) -> String {
        let mut setters = Vec::new();
        if self.0.iter().any(|f| matches!(f.at, At::Pod(_))) {
            setters.push("pod".to_owned());
        }
        if !self.places().is_empty() {
            setters.push(self.containers());
        }
        let annotations = self.0.iter().filter(|f| matches!(f.at, At::Annotation(_))).count();
        if annotations > 0 {
            setters.push(plural("annotation", "annotations", annotations).to_owned());
        }
        setters.join(" and ")
    }

    /// The containers and the capabilities that they add.
    fn added(&self) -> String {
        let capabilities = self.values();
        format!("{} must not include {} in securityContext.capabilities.add", self.containers(), quoted(capabilities))
    }

    /// The texts that were found, sorted, none twice.
    fn values(&self) -> Vec<String> {
        set_of(self.0.iter().flat_map(|f| match &f.value {
            Bad::Text(text) => vec![(*text).to_owned()],
            Bad::Texts(texts) => texts.iter().map(|t| (*t).to_owned()).collect(),
            _ => Vec::new(),
        }))
    }

    /// The annotations with their values, sorted, none twice.
    fn annotations(&self) -> Vec<String> {
        set_of(self.0.iter().filter_map(|f| match f.at {
            At::Annotation(key) => Some(format!("{key}={}", go_quote(text(f).unwrap_or_default()))),
            _ => None,
        }))
    }
}

fn text<'p>(finding: &Finding<'p>) -> Option<&'p str> {
    match finding.value {
        Bad::Text(text) => Some(text),
        _ => None,
    }
}

fn set_of(texts: impl Iterator<Item = String>) -> Vec<String> {
    texts.collect::<BTreeSet<_>>().into_iter().collect()
}

fn plural(one: &'static str, more: &'static str, count: usize) -> &'static str {
    if count == 1 { one } else { more }
}

/// `"a", "b"`
fn quoted(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    texts.into_iter().map(|t| format!("\"{}\"", t.as_ref())).collect::<Vec<_>>().join(", ")
}
