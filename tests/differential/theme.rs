//! What a batch is about: the rules that its policies have.

use super::grammar::{cleanup, constructs, generate, images, patches, pod_security};

/// The rules of a batch's policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// Patterns and denials.
    #[default]
    Checks,
    /// Patches of the object, and of others.
    Patches,
    /// Objects that are made.
    Generate,
    /// Pod Security Standards.
    PodSecurity,
    /// The images of objects.
    Images,
    /// Objects that are to go.
    Cleanup,
    /// Some of all.
    Mixed,
}

/// All themes.
pub(crate) const ALL: &[Theme] =
    &[Theme::Checks, Theme::Patches, Theme::Generate, Theme::PodSecurity, Theme::Images, Theme::Cleanup, Theme::Mixed];

impl Theme {
    /// The theme of a name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|t| t.name() == name)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Patches => "patches",
            Self::Generate => "generate",
            Self::PodSecurity => "pod-security",
            Self::Images => "images",
            Self::Cleanup => "cleanup",
            Self::Mixed => "mixed",
        }
    }

    /// How many policies a batch has at most. Where each policy sees what the ones before it made of a manifest, many would
    /// leave little of it.
    pub(crate) fn policies(self) -> usize {
        match self {
            Self::Checks => 44,
            Self::Patches => 7,
            Self::Generate => 24,
            Self::PodSecurity => 36,
            Self::Images => 8,
            Self::Cleanup => 30,
            Self::Mixed => 12,
        }
    }

    /// How many of the pairs are of it, by weight.
    pub(crate) fn weight(self) -> usize {
        match self {
            Self::Checks => 4,
            Self::Mixed | Self::Images => 2,
            Self::Patches => 4,
            Self::Generate | Self::PodSecurity | Self::Cleanup => 1,
        }
    }

    /// Whether policies see what others made of a manifest.
    pub(crate) fn chains(self) -> bool {
        matches!(self, Self::Patches | Self::Mixed | Self::Images)
    }

    /// How many constructs a policy is to have that came up least.
    pub(crate) fn at_once(self) -> usize {
        match self {
            Self::Checks | Self::Patches | Self::Images => 3,
            _ => 1,
        }
    }

    /// The constructs that make a policy one that is refused; few policies have them, and then several.
    pub(crate) fn refused(self) -> &'static [&'static str] {
        match self {
            Self::Images => images::REFUSED,
            Self::Cleanup => cleanup::REFUSED,
            _ => &[],
        }
    }

    /// The constructs that are featured in turns.
    pub(crate) fn featured(self) -> Vec<&'static str> {
        match self {
            Self::Checks => constructs::featured(),
            Self::Patches | Self::Mixed => patches::CONSTRUCTS.to_vec(),
            Self::Generate => generate::CONSTRUCTS.to_vec(),
            Self::PodSecurity => pod_security::CONSTRUCTS.to_vec(),
            Self::Images => images::CONSTRUCTS.to_vec(),
            Self::Cleanup => cleanup::CONSTRUCTS.to_vec(),
        }
    }
}
