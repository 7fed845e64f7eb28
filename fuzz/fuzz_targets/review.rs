//! Bytes of an admission review, and reviews that an API server sent with edits, through both webhooks.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| kyvc_fuzz::review(&kyvc_fuzz::review_of(bytes)));
