//! Made-up mixes of all that clients, origins and operators do, on three VMs of one store: nobody
//! ever gets what is another's, or what was purged.

use super::*;
use crate::purges::Purged;
use gatehouse_filter_test::Numbers;
use std::collections::HashMap;

/// A request, and what the origin made of it: its bytes say it all.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Made {
    path: u64,
    /// What `x-a` was, where the answer varies by it.
    variant: Option<u64>,
    /// Whose token, 0 for nobody's.
    who: u64,
    is_public: bool,
    /// When the request for it went on.
    at: u64,
}

impl Made {
    fn body(&self) -> String {
        let Self { path, variant, who, is_public, at } = self;
        let variant = variant.map_or("-".to_owned(), |variant| variant.to_string());
        format!("{path} {variant} {who} {} {at}", u64::from(*is_public))
    }

    fn read(body: &str) -> Self {
        let words: Vec<_> = body.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse().ok());
        Self {
            path: number(0).unwrap(),
            variant: number(1),
            who: number(2).unwrap(),
            is_public: number(3) == Some(1),
            at: number(4).unwrap(),
        }
    }
}

/// A client's request.
#[derive(Clone, Copy, Debug)]
struct Wish {
    path: u64,
    variant: u64,
    who: u64,
    /// When it went on to the origin, or was first asked.
    at: u64,
}

#[derive(Default)]
struct World {
    /// When each path was last purged.
    purged: HashMap<u64, u64>,
    /// When the origin last said of bytes that they still hold: when that was asked.
    held: HashMap<String, u64>,
    hits: u64,
    /// Whether each identity has its own, whatever an answer says.
    keeps_own: bool,
}

impl World {
    /// Checks what a client got that was not just made for it.
    fn check(&mut self, wish: Wish, got: &Got, told: &str) {
        let text = got.text();
        let made = Made::read(&text);
        let told = format!("{told}: {wish:?} got {made:?} by {:?}", got.code);
        assert_eq!(made.path, wish.path, "{told}");
        assert!(made.variant.is_none_or(|variant| variant == wish.variant), "{told}");
        let is_for = made.who == wish.who
            || made.is_public
                && (made.who == 0 || !self.keeps_own)
                && (wish.who == 0 || !self.keeps_own);
        assert!(is_for, "{told}");
        let purged = self.purged.get(&wish.path).copied().unwrap_or(0);
        let since = self.held.get(&text).copied().unwrap_or(0).max(made.at);
        // What the origin has just said still holds may be sent to the one who asked.
        if got.code != Some(Code::Revalidated) {
            assert!(since > purged, "{told}: purged at {purged}, good since {since}");
            self.hits = self.hits.saturating_add(1);
        }
    }
}

/// The origin answers, in one of its moods.
fn answered(sent: Sent<'_>, wish: Wish, mood: u64, world: &mut World, told: &str) {
    let asked = sent.sends("if-none-match");
    let tag_of = |body: &str| format!("\"{}\"", body.replace(' ', "."));
    if let Some(tag) = asked.filter(|_| mood < 4) {
        let tag = tag.replace('\\', "");
        let body = tag.trim_matches('"').replace('.', " ");
        let held = world.held.entry(body.clone()).or_default();
        *held = wish.at.max(*held);
        let control = if Made::read(&body).is_public { "public, max-age=3" } else { "max-age=3" };
        let got = sent.answer(304, &[("etag", &tag), ("cache-control", control)], "");
        return world.check(wish, &got, told);
    }
    if mood == 4 {
        let got = sent.answer(500, &[], "");
        if got.status == 200 {
            world.check(wish, &got, told);
        }
        return;
    }
    if mood == 5 {
        return sent.leave();
    }
    let variant = mood.is_multiple_of(3).then_some(wish.variant);
    let is_public = mood.is_multiple_of(2);
    let made = Made { path: wish.path, variant, who: wish.who, is_public, at: wish.at };
    let control = if is_public {
        "public, max-age=3, stale-if-error=9"
    } else {
        "max-age=3, stale-while-revalidate=2"
    };
    let (body, path) = (made.body(), format!("p{}", wish.path));
    let tag = tag_of(&body);
    let mut head = vec![("cache-control", control), ("etag", &tag), ("surrogate-key", &path)];
    if variant.is_some() {
        head.push(("vary", "x-a"));
    }
    if mood == 9 {
        head[0].1 = "no-store";
    }
    assert_eq!(sent.answer(200, &head, &body).text(), body);
}

fn run(seed: u64, identified: &str) -> u64 {
    let mut numbers = Numbers(seed);
    let host = host();
    let rule = format!(r#"{{"identified": "{identified}", "collapse": {{"wait": "2s"}}}}"#);
    let vms: Vec<Vm> = (1..=3).map(|queue| vm_with(&host, &rule, "", queue)).collect();
    let mut world = World { keeps_own: identified == "own", ..World::default() };
    let mut under_way: Vec<(Sent<'_>, Wish)> = Vec::new();
    for at in 1..=600 {
        let told = format!("seed {seed} {identified}, step {at}");
        let vm = &vms[usize::try_from(numbers.below(3)).unwrap()];
        match numbers.below(20) {
            0 => vm.later(numbers.below(3)),
            1 | 2 => {
                let path = numbers.below(3);
                let secret = vm.cache.secret(&*host).unwrap();
                let what = match numbers.below(4) {
                    0 => Purged::One(crate::key::digest(
                        secret,
                        format!("https://a.example/{path}").as_bytes(),
                    )),
                    1 => Purged::One(crate::key::digest(secret, format!("tag p{path}").as_bytes())),
                    2 => Purged::Prefix(format!("/{path}").into_bytes()),
                    _ => Purged::Prefix(format!("/{path}\n").into_bytes()),
                };
                vm.cache.config.purges.purge(&*host, &what).unwrap();
                world.purged.insert(path, at);
            }
            3..=9 if !under_way.is_empty() => {
                let one = usize::try_from(numbers.below(under_way.len() as u64)).unwrap();
                let (sent, mut wish) = under_way.swap_remove(one);
                let sent = match sent.topic() {
                    Some(_) => {
                        // It is asked again, and goes on now if at all.
                        wish.at = at;
                        sent.again()
                    }
                    None => sent,
                };
                match &sent.step {
                    FilterStep::Continue => {
                        answered(sent, wish, numbers.below(10), &mut world, &told)
                    }
                    FilterStep::Wait(_) => under_way.push((sent, wish)),
                    _ => {
                        let got = sent.hit();
                        world.check(wish, &got, &told);
                    }
                }
            }
            _ => {
                let (path, variant) = (numbers.below(3), numbers.below(2));
                let wish = Wish { path, variant, who: numbers.below(3), at };
                let (path, variant) = (format!("/{path}"), variant.to_string());
                let token = format!("Bearer {}", wish.who);
                let fields = [("x-a", variant.as_str()), ("authorization", token.as_str())];
                let fields = if wish.who == 0 { fields.get(..1) } else { fields.get(..) };
                let sent = vm.get(&path, fields.unwrap());
                match &sent.step {
                    FilterStep::Reply(_) => {
                        let got = sent.hit();
                        world.check(wish, &got, &told);
                    }
                    _ => under_way.push((sent, wish)),
                }
            }
        }
    }
    world.hits
}

#[test]
fn whatever_happens_in_whatever_order_nobody_gets_what_is_another_s_or_purged() {
    let mut hits = 0;
    for seed in 0..40 {
        for identified in ["strict", "own"] {
            hits += run(seed, identified);
        }
    }
    assert!(hits > 2000, "{hits}");
}
