//! Heads of responses and requests, as a cache reads them.

use gatehouse_caching::{
    Arrival, Asked, CacheStatus, FreshnessOptions, Handling, HttpDate, Lifetime, NoVarySearch,
    Part, Ranges, RequestDirectives, ResponseDirectives, Reuse, Selection, Storable,
    StoringOptions, Target, Validators, Vary, boundary, freshened, if_range_holds, invalidated,
    kept, may_store, not_modified_fields, precondition, reuse, tags,
};
use gatehouse_filter::{Headers, Timestamp};

/// Lines of `name: value`, of a response and, behind a zero byte, of a request.
pub fn directives(data: &[u8]) {
    let mut heads = data.splitn(2, |byte| *byte == 0);
    let response = head(heads.next().unwrap_or_default());
    let request = head(heads.next().unwrap_or_default());
    let now = Timestamp::from_seconds(crate::NOW);
    stored(&response, &request, now);
    selected(&response, &request, now);
    located(&response, &request);
    let boundary = boundary(data);
    assert!(!data.windows(boundary.len()).any(|text| text == boundary.as_bytes()), "{boundary}");
}

fn stored(response: &Headers, request: &Headers, now: Timestamp) {
    let directives = ResponseDirectives::read(response);
    let options = FreshnessOptions { heuristic: true, ..FreshnessOptions::default() };
    let arrival = Arrival { asked: now, received: now };
    let lifetime = Lifetime::of(200, response, &directives, &options, arrival);
    assert_eq!(Lifetime::from_bytes(&lifetime.to_bytes()), Some(lifetime));
    assert_eq!(lifetime.is_fresh(now), lifetime.ttl(now) > 0);

    let asked = Asked { method: Storable::Always, no_store: false, is_identified: true };
    let may = may_store(&asked, &StoringOptions::default(), 200, response, &directives, &lifetime);
    if may.is_ok() {
        assert!(!directives.private.is_everything());
        assert!(!directives.no_store || directives.must_understand);
        assert!(matches!(Vary::read(response), Vary::Fields(_)));
        assert!(directives.public || directives.s_maxage.is_some() || directives.must_revalidate);
    }
    match reuse(&lifetime, now, &RequestDirectives::read(request)) {
        Reuse::Fresh => assert!(lifetime.is_fresh(now) && !lifetime.always_validate),
        Reuse::Stale | Reuse::WhileRevalidate => assert!(!lifetime.never_stale),
        Reuse::MustValidate(_) => {}
    }

    let fields = kept(response, &directives, true, now);
    let of_one = ["connection", "transfer-encoding", "age", "set-cookie"];
    assert!(fields.iter().all(|(name, _)| !of_one.iter().any(|one| one.as_bytes() == *name)));
    let again = Headers::from_list(&fields);
    let updated = freshened(&again, response, &directives, now);
    assert_eq!(Headers::from_list(&updated).values("date").count(), again.values("date").count());
}

fn selected(response: &Headers, request: &Headers, now: Timestamp) {
    let _ = precondition(request, 200, response, now);
    let _ = if_range_holds(request, response, now);
    let _ = not_modified_fields(response);
    let validators = [Validators::of(response)];
    for (_, value) in Validators::conditions(&validators) {
        assert!(!value.as_bytes().is_empty() || validators[0].is_any());
    }
    let _ = Validators::selected(&validators, request);
    if let Vary::Fields(names) = Vary::read(response) {
        let names = || names.iter().map(|name| name.as_str());
        let key = |selection: &Selection| {
            let mut key = Vec::new();
            selection.write_key(names(), request, |bytes| key.extend_from_slice(bytes));
            key
        };
        let lists = Selection {
            encodings: vec!["br".to_owned(), "gzip".to_owned()],
            languages: vec!["en".to_owned(), "de-CH".to_owned()],
        };
        assert_eq!(key(&lists).is_empty(), names().next().is_none());
        assert_eq!(key(&Selection::default()).is_empty(), names().next().is_none());
    }
    for length in [0, 1, 1000, u64::MAX] {
        match Ranges::of(request, length) {
            Ranges::One(span) => assert!(span.first <= span.last && span.last < length),
            Ranges::Several(mut spans) => {
                assert!(spans.len() <= 16);
                spans.sort_by_key(|span| span.first);
                assert!(spans.iter().all(|span| span.first <= span.last && span.last < length));
                assert!(spans.windows(2).all(|two| two[0].last < two[1].first));
            }
            Ranges::Whole | Ranges::Unsatisfiable => {}
        }
    }
    if let Some(part) = Part::of(response, 7)
        && let Some((span, at)) = part.answer(request)
    {
        assert!(span.first <= span.last && span.length() <= part.held);
        assert!(at < 7);
    }
    for text in ["date", "expires"].iter().filter_map(|name| response.first(name)) {
        // A leap second can be the first of a year that has five digits.
        let date = HttpDate::parse(text, now).filter(|date| date.seconds() < 253_402_300_800);
        if let Some(date) = date {
            assert_eq!(HttpDate::parse(date.to_string().as_bytes(), now), Some(date));
        }
    }
}

fn located(response: &Headers, request: &Headers) {
    let path = request.first(":path").unwrap_or(b"/");
    let target = Target { scheme: b"https", authority: b"a", path };
    for path in invalidated(b"POST", 200, &target, response).iter().skip(1) {
        assert!(path.starts_with(b"/") || path == target.path, "{}", path.escape_ascii());
        // What it leads to, it leads to from there as well.
        assert!(
            !path.starts_with(b"/") || path.starts_with(b"//") || {
                let from_there = Target { path, ..target };
                from_there.resolve(path).is_some()
            }
        );
    }
    let no_vary_search = NoVarySearch::read(response);
    if !no_vary_search.is_default() {
        let reduced = no_vary_search.reduce(Some(path));
        assert_eq!(no_vary_search.reduce(Some(&reduced)), reduced, "{}", path.escape_ascii());
    }
    for field in ["surrogate-key", "cache-tag", "cache-groups"] {
        assert!(tags(response, field).iter().all(|tag| field == "cache-groups" || !tag.is_empty()));
    }
    let detail = String::from_utf8_lossy(path);
    let status = CacheStatus {
        cache: &detail,
        handling: Handling::Hit,
        ttl: Some(i64::MAX),
        key: Some(path),
        detail: Some(&detail),
    };
    let value = status.to_value();
    assert!(value.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~')));
}

fn head(text: &[u8]) -> Headers {
    let lines = text.split(|byte| *byte == b'\n');
    let fields: Vec<(Vec<u8>, &[u8])> = lines
        .filter_map(|line| {
            let colon = line.iter().skip(1).position(|byte| *byte == b':')?;
            let (name, value) = line.split_at_checked(colon.saturating_add(1))?;
            let value = value.get(1..)?.trim_ascii();
            Some((name.to_ascii_lowercase(), value))
        })
        .collect();
    Headers::from_list(&fields)
}
