//! The answer to a review.

use super::read::Review;
use kyvc_vm::builtin::encode_base64;
use kyvc_vm::document::write_str;

/// What is answered to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Why the request is refused, where it is
    pub refusal: Option<String>,
    /// How the object changes, as a JSON Patch, where it does
    pub patch: Option<String>,
    /// What is told to the user in any case
    pub warnings: Vec<String>,
}

impl Answer {
    /// An answer with which a request is refused.
    pub fn refused(why: impl Into<String>) -> Self {
        Self { refusal: Some(why.into()), ..Self::default() }
    }

    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        self.refusal.is_none()
    }

    /// Writes the review with this answer, as Go writes it. The request is not repeated.
    pub fn write(&self, review: &Review<'_>, out: &mut String) {
        let string = |key: &str, text: &str, out: &mut String| {
            out.push_str(key);
            write_str(text, out);
        };
        out.reserve(128 + self.patch.as_ref().map_or(0, |p| p.len() * 4 / 3));
        string("{\"kind\":", &review.kind_of_review, out);
        string(",\"apiVersion\":", &review.api_version, out);
        string(",\"response\":{\"uid\":", &review.uid, out);
        out.push_str(",\"allowed\":");
        out.push_str(if self.is_allowed() { "true" } else { "false" });
        if let Some(why) = &self.refusal {
            string(",\"status\":{\"metadata\":{},\"status\":\"Failure\",\"message\":", why, out);
            out.push('}');
        }
        if let Some(patch) = &self.patch {
            out.push_str(",\"patch\":\"");
            out.push_str(&encode_base64(patch.as_bytes()));
            out.push_str("\",\"patchType\":\"JSONPatch\"");
        }
        for (i, warning) in self.warnings.iter().enumerate() {
            string(if i == 0 { ",\"warnings\":[" } else { "," }, warning, out);
        }
        out.push_str(if self.warnings.is_empty() { "}}" } else { "]}}" });
    }
}
