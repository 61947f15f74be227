//! The environment of the VM, as a configuration refers to it.

#[cfg(target_family = "wasm")]
pub(crate) use of_vm::OfVm;

/// What the variable of this name holds, of an environment as the host writes it: `NAME=value`,
/// with a zero byte behind each. `None` where it is not there.
pub fn variable<'e>(environment: &'e [u8], name: &str) -> Option<&'e [u8]> {
    let value = |entry: &'e [u8]| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    environment.split(|byte| *byte == 0).find_map(value)
}

#[cfg(target_family = "wasm")]
mod of_vm {
    use crate::calls::{self, Failed};
    use gatehouse_filter::config::{Environment, Variable};
    use std::cell::OnceCell;

    /// The environment of this VM. It is read when a configuration first refers to it.
    #[derive(Default)]
    pub(crate) struct OfVm(OnceCell<Result<Vec<u8>, Failed>>);

    impl Environment for OfVm {
        fn variable(&self, name: &str) -> Variable {
            match self.0.get_or_init(calls::environment) {
                Ok(environment) => super::variable(environment, name)
                    .map_or(Variable::Absent, |value| Variable::Holds(value.to_vec())),
                Err(_) if calls::is_refused("environ_sizes_get") => {
                    Variable::Refused("environ_sizes_get")
                }
                Err(_) => Variable::Refused("environ_get"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let environment = b"AB=1\0A=a=b\0EMPTY=\0A=2\0BYTES=\xff\0";
        for (name, want) in [
            ("A", Some(&b"a=b"[..])),
            ("AB", Some(b"1")),
            ("EMPTY", Some(b"")),
            ("BYTES", Some(b"\xff")),
            ("B", None),
            ("", None),
            ("a", None),
        ] {
            assert_eq!(variable(environment, name), want, "{name}");
        }
        assert_eq!(variable(b"", "A"), None);
    }
}
