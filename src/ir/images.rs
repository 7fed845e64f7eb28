//! What a rule verifies of images.

use super::Expr;

/// What is known of the images that a rule verifies, and of how.
#[derive(Clone, Debug)]
pub struct Verification {
    /// What is checked of an object as it is, and before it is verified
    pub rule: ImageRule,
    /// How to verify: the list of entries, with the variables in it
    pub how: Expr,
}

/// Which images a rule is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageRule {
    /// What is asked of them
    pub entries: Vec<ImageEntry>,
    /// Where they are in objects of some kinds; the usual places where nothing is said
    pub extractors: Option<Vec<(String, Vec<Extractor>)>>,
}

/// What is asked of some images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageEntry {
    /// The images, with wildcards
    pub references: Vec<String>,
    /// Whether they need a digest
    pub verify_digest: bool,
    /// Whether they have to be verified
    pub required: bool,
}

/// A place of images in an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extractor {
    /// The keys to the maps that hold an image; `*` is each element
    pub steps: Vec<String>,
    /// The key of the image
    pub value: String,
    /// The key of its name, empty where it has the place as its name
    pub key: String,
    /// What `images` calls the group
    pub group: String,
    /// The expression that makes the image's name of the text
    pub expression: Option<String>,
}

impl ImageRule {
    /// Whether something is checked of an object as it is.
    pub fn checks(&self) -> bool {
        self.entries.iter().any(|e| e.verify_digest || e.required)
    }
}
