//! What a `podSecurity` rule says: a level, a version, and what is excluded.

use super::control::{Control, Reach};
use crate::scalar::Glob;
use std::fmt;

/// A level. Kyverno makes all checks at every level but `baseline`, also at `privileged`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Level {
    /// None is given
    #[default]
    Unset,
    /// `privileged`
    Privileged,
    /// `baseline`
    Baseline,
    /// `restricted`
    Restricted,
}

impl Level {
    /// All, in the order of their encoding.
    pub const ALL: [Level; 4] = [Level::Unset, Level::Privileged, Level::Baseline, Level::Restricted];

    /// The level of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| *l != Level::Unset && l.name() == name)
    }

    /// The name, empty where none is given.
    pub fn name(self) -> &'static str {
        match self {
            Level::Unset => "",
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        }
    }
}

/// The version of Kubernetes whose checks are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// None is given: the latest
    #[default]
    Unset,
    /// `latest`
    Latest,
    /// `v1.x`
    Minor(u64),
}

impl Version {
    /// The first and last version that Kyverno's schema lists.
    pub const OFFERED: std::ops::RangeInclusive<u64> = 19..=32;

    /// The version that a text names: `latest`, or `v1.` and a number without needless zeros.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "latest" {
            return Some(Self::Latest);
        }
        let minor = text.strip_prefix("v1.")?;
        let plain = minor.bytes().all(|b| b.is_ascii_digit()) && (minor == "0" || !minor.starts_with('0'));
        minor.parse().ok().filter(|n| plain && i64::try_from(*n).is_ok()).map(Self::Minor)
    }

    /// Whether Kyverno's schema lists the version.
    pub fn is_offered(self) -> bool {
        match self {
            Self::Unset | Self::Latest => true,
            Self::Minor(minor) => Self::OFFERED.contains(&minor),
        }
    }

    /// Whether it is this minor version or a later one.
    pub(super) fn is_at_least(self, minor: u64) -> bool {
        match self {
            Self::Unset | Self::Latest => true,
            Self::Minor(own) => own >= minor,
        }
    }
}

/// As it is written in a policy, empty where none is given.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => Ok(()),
            Self::Latest => f.write_str("latest"),
            Self::Minor(minor) => write!(f, "v1.{minor}"),
        }
    }
}

/// What is excluded from a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The control
    pub control: Control,
    /// Images of the containers that it is about; the pod where there are none
    pub images: Vec<Glob>,
    /// The only field that it is about, with `*` for positions in lists; empty for all fields
    pub field: Box<str>,
    /// The only values of the field
    pub values: Vec<Glob>,
}

/// Why Kyverno does not accept an exclusion.
///
/// Kyverno: api/kyverno/v1/common_types.go, PodSecurityStandard.Validate, and rule_types.go, ValidatePSaControlNames
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// The control is about containers, and no image is named
    ImagesMissing,
    /// The control is about the pod, and images are named
    ImagesGiven,
    /// A field is named without values
    ValuesMissing,
    /// Values are listed without a field
    FieldMissing,
    /// The rule's level does not have the control
    WrongLevel,
}

impl Exclusion {
    /// What is wrong with it, in Kyverno's order. An exception is in no rule and so has no level.
    pub fn misuses(&self, level: Option<Level>) -> impl Iterator<Item = Misuse> {
        let (reach, images) = (self.control.reach(), !self.images.is_empty());
        let (field, values) = (!self.field.is_empty(), !self.values.is_empty());
        [
            (reach == Reach::Containers && !images).then_some(Misuse::ImagesMissing),
            (reach == Reach::Pod && images).then_some(Misuse::ImagesGiven),
            (field && !values).then_some(Misuse::ValuesMissing),
            (!field && values).then_some(Misuse::FieldMissing),
            (level == Some(Level::Baseline) && self.control.is_restricted()).then_some(Misuse::WrongLevel),
        ]
        .into_iter()
        .flatten()
    }
}

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The level
    pub level: Level,
    /// The version
    pub version: Version,
    /// What is excluded
    pub exclude: Vec<Exclusion>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for text in ["latest", "v1.0", "v1.19", "v1.4000"] {
            assert_eq!(Version::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "v1.", "v1.01", "v1.+1", "v1.-1", "v2.1", "1.19", "Latest", "v1.99999999999999999999"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        assert!(Version::Minor(25).is_at_least(25) && !Version::Minor(24).is_at_least(25));
        assert!(Version::Unset.is_at_least(1000));
    }

    #[test]
    fn levels() {
        assert_eq!(Level::parse("baseline"), Some(Level::Baseline));
        assert_eq!(Level::parse(""), None);
        assert_eq!(Level::parse("Baseline"), None);
    }

    #[test]
    fn exclusions_are_used_as_their_control_allows() {
        let misuses = |control, images: bool, field: &str, values: bool, level| {
            let globs = |there| if there { vec![Glob::new("*")] } else { vec![] };
            let e = Exclusion { control, images: globs(images), field: field.into(), values: globs(values) };
            e.misuses(level).collect::<Vec<_>>()
        };
        let level = Some(Level::Baseline);
        assert_eq!(misuses(Control::HostPorts, false, "", false, level), [Misuse::ImagesMissing]);
        assert_eq!(misuses(Control::HostPorts, true, "", false, level), []);
        assert_eq!(misuses(Control::Sysctls, true, "a", false, level), [Misuse::ImagesGiven, Misuse::ValuesMissing]);
        assert_eq!(misuses(Control::Seccomp, true, "", true, level), [Misuse::FieldMissing]);
        assert_eq!(misuses(Control::VolumeTypes, false, "", false, level), [Misuse::WrongLevel]);
        assert_eq!(misuses(Control::VolumeTypes, false, "", false, None), []);
        assert_eq!(misuses(Control::VolumeTypes, false, "", false, Some(Level::Privileged)), []);
    }
}
