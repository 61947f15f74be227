//! What the filter can decide.

gatehouse_filter::codes! {
    /// What this filter can decide.
    pub enum Code {
        /// The request's body was transformed.
        Transformed = "transformed",
        /// The request's body was replaced by one that the rule makes.
        Replaced = "replaced",
        /// A rule matches, and there is no body, or none that it is for.
        Untouched = "untouched",
        /// The request's body could not be transformed and went on as it was: the rule says `pass`.
        Passed = "passed",
        /// No rule matches.
        Unmatched = "unmatched",
        /// The body is longer than `max_body`.
        TooLarge = "too_large",
        /// The body is longer than `max_body` when decoded.
        ExpandsTooLarge = "expands_too_large",
        /// The body is not JSON, or not a form.
        Invalid = "invalid",
        /// An object in the body has a name twice.
        DuplicateName = "duplicate_name",
        /// The body is nested too deep.
        TooDeep = "too_deep",
        /// The body's encoding is not known.
        EncodingUnknown = "encoding_unknown",
        /// The body is not in the encoding that it is said to be in.
        EncodingInvalid = "encoding_invalid",
        /// The body's type is none that the rule is for, and the rule says `reject`; or it has two
        /// types.
        TypeRefused = "type_refused",
        /// Two members would get the same name.
        NameConflict = "name_conflict",
        /// The transformed body would be too long.
        GrownTooLarge = "grown_too_large",
        /// A path that is written to does not fit the body.
        Misfit = "misfit",
        /// The body cannot be written as a form.
        NoForm = "no_form",
        /// Patterns find too much in the body.
        TooManyFinds = "too_many_finds",
        /// The query that is made of the body is too long.
        QueryTooLong = "query_too_long",
        /// A value of the body cannot be the value of a header field.
        HeaderInvalid = "header_invalid",
        /// The response's body was transformed.
        ResponseTransformed = "response_transformed",
        /// The response has the body that the rule makes.
        ResponseReplaced = "response_replaced",
        /// The response has no body that the rule is for.
        ResponseUntouched = "response_untouched",
        /// The response could not be transformed and went on as it was: the rule says `pass`.
        ResponsePassed = "response_passed",
        /// As `too_large`, of the response.
        ResponseTooLarge = "response_too_large",
        /// As `expands_too_large`, of the response.
        ResponseExpandsTooLarge = "response_expands_too_large",
        /// As `invalid`, of the response.
        ResponseInvalid = "response_invalid",
        /// As `duplicate_name`, of the response.
        ResponseDuplicateName = "response_duplicate_name",
        /// As `too_deep`, of the response.
        ResponseTooDeep = "response_too_deep",
        /// As `encoding_unknown`, of the response.
        ResponseEncodingUnknown = "response_encoding_unknown",
        /// As `encoding_invalid`, of the response.
        ResponseEncodingInvalid = "response_encoding_invalid",
        /// As `type_refused`, of the response.
        ResponseTypeRefused = "response_type_refused",
        /// As `name_conflict`, of the response.
        ResponseNameConflict = "response_name_conflict",
        /// As `grown_too_large`, of the response.
        ResponseGrownTooLarge = "response_grown_too_large",
        /// As `misfit`, of the response.
        ResponseMisfit = "response_misfit",
        /// As `no_form`, of the response.
        ResponseNoForm = "response_no_form",
        /// As `too_many_finds`, of the response.
        ResponseTooManyFinds = "response_too_many_finds",
        /// As `header_invalid`, of the response.
        ResponseHeaderInvalid = "response_header_invalid",
    }
}
