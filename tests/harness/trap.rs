//! Whether a filter has trapped.

use gatehouse_sandbox::Gateway;

/// Fails the case when a filter of this gateway has trapped since it was started. Every case ends
/// with it.
#[track_caller]
pub(crate) fn assert_none(gateway: &Gateway) {
    let signs = signs(gateway);
    assert!(signs.is_empty(), "a filter has trapped:\n{}", signs.join("\n"));
}

/// Everything that a trap leaves behind, one line each.
///
/// The log has it at once. The reload is counted when the next request comes, and only a reload
/// says that the VM was lost: the log could be turned down.
pub(crate) fn signs(gateway: &Gateway) -> Vec<String> {
    // Asked first: when the admin interface has answered, Envoy has written what it logged before.
    let reloads = gateway.stats().into_iter().filter(|(name, count)| {
        *count > 0 && name.starts_with("wasm.") && name.contains(".vm_reload_")
    });
    let mut signs: Vec<String> = reloads.map(|(name, count)| format!("{name}: {count}")).collect();
    signs.extend(gateway.stderr().lines().filter(|line| tells_of_a_trap(line)).map(str::to_owned));
    signs
}

fn tells_of_a_trap(line: &str) -> bool {
    // What the host writes ("Function: proxy_on_request_headers failed: Uncaught RuntimeError:
    // unreachable"), and what the panic hook writes before it ("wasm log …: panicked at …", at
    // level critical).
    let wasm = line.contains("[wasm]");
    wasm && (line.contains("[critical]")
        || line.contains("panicked at")
        || line.contains(" failed: Uncaught"))
}
