// The Python side of watching imports.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// Telling when the import of a module has succeeded.
    static let imports = Runtime.Part("imports") {
        #"""
        import sys


        def find_watched(name, path, imported):
            """The spec that the other finders find, whose loader tells when it is done."""
            for finder in sys.meta_path:
                if getattr(finder, "__name__", None) == "_amaru_imports":
                    continue
                spec = finder.find_spec(name, path, None)
                if spec is not None:
                    _watch_execution(spec.loader, name, imported)
                    return spec
            return None


        def _watch_execution(loader, name, imported):
            # A class loads what is built in or frozen; it must not be changed.
            if isinstance(loader, type) or not hasattr(loader, "__dict__"):
                return

            def exec_module(module):
                loader.__dict__.pop("exec_module", None)
                loader.exec_module(module)
                imported(name)

            loader.exec_module = exec_module
        """#
    }
}
