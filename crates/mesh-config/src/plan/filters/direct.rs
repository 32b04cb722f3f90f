//! Answers that the mesh makes itself.

use super::{SET, set_edits};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{DirectResponse, ResponseBody},
    plan::{PlannedEdit, PlannedResponse},
};

const CONTENT_TYPE: &str = "content-type";

/// Resolves an answer: text is plain where nothing else is said.
pub(in crate::plan) fn plan(answer: &DirectResponse, at: &mut Cursor) -> PlannedResponse {
    let status = answer.status.value();
    let body = answer.body.as_ref().map_or("", ResponseBody::as_str);
    if !body.is_empty() && matches!(status, 204 | 205 | 304) {
        let found = format!("a body beside the status {status}");
        at.at_field("body", |at| {
            at.error(Code::ConflictingFields, &found, "none: such an answer has no body");
        });
    }
    let mut headers = Vec::new();
    at.at_field("headers", |at| {
        set_edits(1, answer.headers.as_ref(), &mut headers, at);
    });
    if !body.is_empty() && headers.iter().all(|edit: &PlannedEdit| edit.name != CONTENT_TYPE) {
        headers.push(PlannedEdit {
            side: 1,
            action: SET,
            name: CONTENT_TYPE.to_owned(),
            value: "text/plain;charset=utf-8".to_owned(),
        });
    }
    PlannedResponse { status, body: body.to_owned(), headers }
}
