// Packages that a script installs while it runs.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct MicropipTests {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            try folder.write(Self.wheels, to: "wheels.py")
        }

        /// Makes wheels in the current folder, which is all that installers look at here.
        static let wheels = """
            import io, tarfile, zipfile

            def make(name, version, requires=(), **modules):
                info = f"{name}-{version}.dist-info"
                head = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
                tag = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
                files = {f"{name}/{key}.py": text for key, text in modules.items()}
                files[f"{name}/__init__.py"] = f"version = {version!r}\\n"
                files[f"{info}/METADATA"] = head + "".join(
                    f"Requires-Dist: {one}\\n" for one in requires
                )
                files[f"{info}/WHEEL"] = tag
                files[f"{info}/RECORD"] = "".join(f"{p},,\\n" for p in [*files, f"{info}/RECORD"])
                path = f"{name}-{version}-py3-none-any.whl"
                with zipfile.ZipFile(path, "w") as wheel:
                    for key, text in files.items():
                        wheel.writestr(key, text)
                return path

            def make_source(name, backend):
                project = '[build-system]\\nrequires = []\\nbuild-backend = "backend"\\n'
                files = {
                    "pyproject.toml": project + 'backend-path = ["."]\\n', "backend.py": backend,
                    "PKG-INFO": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
                }
                with tarfile.open(f"{name}-1.0.tar.gz", "w:gz") as archive:
                    for path, text in files.items():
                        entry = tarfile.TarInfo(f"{name}-1.0/{path}")
                        entry.size = len(text)
                        archive.addfile(entry, io.BytesIO(text.encode()))
            """

        private func run(_ source: String, _ arguments: [String] = []) async throws
            -> AmaruProcess.Result
        {
            try folder.write(source, to: "script.py")
            return try await AmaruProcess.run(
                ["run"] + arguments + ["script.py"],
                in: folder,
                environment: [
                    "XDG_CACHE_HOME": folder.path + "/cache", "PIP_NO_INDEX": "1",
                    "PIP_FIND_LINKS": folder.path, "PIP_CONFIG_FILE": "/dev/null",
                ]
            )
        }

        @Test func `What is installed can be imported at once, and at the next start is there`()
            async throws
        {
            let source = """
                import micropip, os, sys, wheels
                if not os.path.exists("made"):
                    open("made", "w").close()
                    wheels.make("amaru_one", "1.0")
                    wheels.make("amaru_two", "2.0", ["amaru-one"], sub="name = __name__")
                await micropip.install("ssl")
                await micropip.install("amaru-one")
                import amaru_one
                await micropip.install(["amaru_two", "sqlite3"])
                from amaru_two import sub
                print(amaru_one.version, sub.name)
                print(micropip.list())
                print(any("dist-packages" in path for path in (amaru_one.__file__,)))
                """
            let first = try await run(source)
            let table = """
                1.0 amaru_two.sub
                Name      | Version | Source
                --------- | ------- | ------
                amaru_one | 1.0     | index
                amaru_two | 2.0     | index
                False

                """
            #expect(first.output == table, "\(first.errors)")
            #expect(first.errors.contains("Successfully installed amaru"))
            #expect(first.status == .exited(0))

            // Nothing to install from is left.
            for name in ["amaru_one-1.0", "amaru_two-2.0"] {
                try FileManager.default.removeItem(
                    atPath: "\(folder.path)/\(name)-py3-none-any.whl"
                )
            }
            let second = try await run(source)
            #expect(second.output == table)
            #expect(second.errors == "", "no installer has run")
            #expect(second.status == .exited(0))
        }

        @Test func `Without a need for packages no environment is made`() async throws {
            let result = try await run(
                """
                import micropip
                await micropip.install(["ssl", "asyncio"])
                print(dict(micropip.list()))
                """
            )
            #expect(result.output == "{}\n", "\(result.errors)")
            #expect(
                !FileManager.default.fileExists(atPath: folder.path + "/cache/amaru/environments")
            )
        }

        @Test func `Failures say what to do; with keep_going the rest is installed`() async throws {
            let result = try await run(
                """
                import micropip, wheels
                wheels.make("amaru_one", "1.0")
                wheels.make("amaru_one", "2.0")
                wheels.make("amaru_two", "1.0")
                async def attempt(*arguments, **options):
                    try:
                        await micropip.install(*arguments, **options)
                        print("done")
                    except ValueError as exc:
                        print(str(exc).splitlines()[0])
                await attempt(["no-such-package-at-all", "amaru-one==1.0", "git+https://a/b"],
                              keep_going=True)
                import amaru_one
                print(amaru_one.version)
                await attempt("amaru-one==2.0")
                await attempt("amaru-one==2.0", reinstall=True)
                print(micropip.list()["amaru_one"].version)
                open("bad-1-py3-none-any.whl", "w").write("text")
                await attempt("./bad-1-py3-none-any.whl")
                await attempt("./missing-1-py3-none-any.whl")
                await attempt("./amaru_two-1.0-py3-none-any.whl#sha256=" + "0" * 64)
                """
            )
            let lines = result.output.split(separator: "\n").map(String.init)
            try #require(lines.count == 8, "\(result.output)\(result.errors)")
            #expect(lines[0].contains("git+https://a/b"))
            #expect(lines[1] == "1.0")
            #expect(lines[2].contains("pass reinstall=True"))
            #expect(lines[3] == "done")
            #expect(lines[4] == "2.0")
            #expect(lines[5].hasSuffix("the file is not a wheel"))
            #expect(lines[6].hasSuffix("there is no such file"))
            #expect(lines[7].contains("SHA-256"))
            #expect(result.status == .exited(0))
        }

        @Test(
            arguments: [
                ("amaru-out", ["amaru_out-1.0-py3-none-any.whl", "outside the target directory"]),
                ("amaru-built", ["amaru-built: ", "no compiler here", "what its build asks for"]),
            ]
        )
        func `What cannot be installed is refused by name, with its reason`(
            _ name: String,
            _ words: [String]
        ) async throws {
            let made = try await run(
                """
                import wheels
                wheels.make("amaru_out", "1.0", **{"../../escaped": "x = 1"})
                wheels.make_source("amaru_built", '''
                def build_wheel(*arguments, **options):
                    print("no compiler here", flush=True)
                    raise RuntimeError("it failed")
                ''')
                """
            )
            try #require(made.status == .exited(0), "\(made)")
            let option = try await run("print('never')", ["--with", name])
            #expect(option.status == .exited(1))
            let script = try await run(
                """
                import micropip
                try:
                    await micropip.install("\(name)")
                except ValueError as exc:
                    print(exc)
                """
            )
            for word in words {
                #expect(option.errors.contains(word), "\(option)")
                #expect(script.output.contains(word), "\(script)")
            }
            let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            #expect(!files.contains { $0.hasSuffix("escaped.py") }, "\(files)")
        }

        @Test func `Dependencies, extras, markers and limits count as in micropip`() async throws {
            let result = try await run(
                """
                import json, micropip, wheels
                for version in ("1.0", "2.0"):
                    wheels.make("amaru_one", version)
                wheels.make("amaru_two", "1.0", ["amaru-one", "no-such-package; extra == 'more'"])
                absent = "nothing-at-all; python_version < '3'"
                await micropip.install([absent, "amaru-two"], deps=False)
                print(sorted(micropip.list()))
                micropip.set_constraints(["amaru-one<2"])
                await micropip.install("Amaru.ONE")
                print(micropip.list()["amaru_one"].version)
                frozen = json.loads(micropip.freeze())["packages"]
                print({name: row["version"] for name, row in frozen.items()})
                try:
                    await micropip.install("amaru_two-1.0-cp311-cp311-emscripten_4_wasm32.whl")
                except ValueError as exc:
                    print(str(exc).partition(": ")[2])
                """
            )
            #expect(
                result.output == """
                    ['amaru_two']
                    1.0
                    {'amaru-one': '1.0', 'amaru-two': '1.0'}
                    it is for Python in a web page; give the package's name instead, and the wheel \
                    for this machine is found

                    """,
                "\(result.errors)"
            )
            #expect(result.status == .exited(0))
        }

        @Test func `A package can be removed, and another stand in for one`() async throws {
            let result = try await run(
                """
                import micropip, wheels
                wheels.make("amaru_needy", "1.0", ["no-such-package-at-all>=3"])
                micropip.add_mock_package(
                    "no-such-package-at-all", "3.1",
                    modules={"absent.deep": "x = 5", "filled": lambda module: setattr(module, "y", 6)},
                )
                await micropip.install("amaru-needy")
                import absent.deep, filled, amaru_needy
                print(absent.deep.x, filled.y, micropip.list_mock_packages())
                micropip.remove_mock_package("no-such-package-at-all")
                micropip.uninstall(["amaru-needy", "never-there"])
                print(dict(micropip.list()), micropip.list_mock_packages())
                """
            )
            #expect(
                result.output == "5 6 ['no-such-package-at-all']\n{} []\n",
                "\(result.errors)"
            )
            #expect(result.errors.contains("skipping 'never-there': it is not installed"))
        }

        @Test func `Threads with loops of their own install one after another`() async throws {
            let result = try await run(
                """
                import asyncio, micropip, threading, wheels
                names = ["amaru_one", "amaru_two", "amaru_three"]
                for name in names:
                    wheels.make(name, "1.0")
                def go(name):
                    asyncio.run(micropip.install(name))
                threads = [threading.Thread(target=go, args=(name,)) for name in names]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                print(sorted(micropip.list()))
                """
            )
            #expect(
                result.output == "['amaru_one', 'amaru_three', 'amaru_two']\n",
                "\(result.errors)"
            )
        }

        @Test func `A wheel is known by its contents, and a package stays as it was installed`()
            async throws
        {
            let source = """
                import micropip, os, wheels
                path = wheels.make("amaru_one", "1.0", kind=f"value = {os.environ['VALUE']}")
                await micropip.install("./" + path)
                from amaru_one import kind
                print(kind.value)
                with open(kind.__file__, "a") as file:
                    file.write("value = 'changed'")
                wheels.make("amaru_two", "1.0")
                await micropip.install("amaru-two")
                """
            for value in ["1", "2"] {
                let result = try await run("import os; os.environ['VALUE'] = '\(value)'\n" + source)
                #expect(result.output == "\(value)\n", "\(result.errors)")
            }
        }

        @Test func `An environment of --with is the beginning, and stays as it is`() async throws {
            let path = folder.path + "/amaru_one-1.0-py3-none-any.whl"
            _ = try await run("import wheels; wheels.make('amaru_one', '1.0')")
            _ = try await run("import wheels; wheels.make('amaru_two', '1.0', ['amaru-one'])")
            let source = """
                import micropip, importlib.metadata as data
                print(sorted(micropip.list()))
                await micropip.install("amaru-two")
                print(sorted(micropip.list()))
                """
            for _ in 1...2 {
                let result = try await run(source, ["--with", path])
                #expect(
                    result.output == "['amaru_one']\n['amaru_one', 'amaru_two']\n",
                    "\(result.errors)"
                )
            }
        }

        @Test func `What is installed and fits is not fetched again, also from --venv`()
            async throws
        {
            _ = try await run(
                """
                import subprocess, sys, wheels
                path = wheels.make("amaru_one", "1.5")
                subprocess.run([sys.executable, "-m", "venv", "--without-pip", "venv"], check=True)
                import sysconfig, zipfile
                place = sysconfig.get_path("purelib", "venv", {"base": "venv"})
                zipfile.ZipFile(path).extractall(place)
                """
            )
            // No installer finds anything from here on.
            try FileManager.default.removeItem(
                atPath: folder.path + "/amaru_one-1.5-py3-none-any.whl"
            )
            let result = try await run(
                """
                import micropip
                for one in ("", ">=1", "~=1.2", "<2", "!=2", "==1.*", ">=1,<1.6", "==1.5"):
                    await micropip.install("amaru-one" + one)
                print(list(micropip.list()))
                try:
                    await micropip.install("amaru-one>=2")
                except ValueError:
                    print("the installer was asked")
                """,
                ["--venv", "venv"]
            )
            #expect(result.output == "['amaru_one']\nthe installer was asked\n", "\(result.errors)")
        }

        @Test func `What freeze returns can be installed again`() async throws {
            let first = try await run(
                """
                import micropip, os, wheels
                wheels.make("amaru_one", "1.0")
                wheels.make("amaru_two", "1.0")
                await micropip.install(["amaru-one", "./amaru_two-1.0-py3-none-any.whl"])
                open("frozen.json", "w").write(micropip.freeze())
                """
            )
            #expect(first.status == .exited(0), "\(first.errors)")
            let second = try await run(
                """
                import json, micropip, wheels
                wheels.make("amaru_one", "2.0")
                packages = json.load(open("frozen.json"))["packages"].values()
                await micropip.install([row["requirement"] for row in packages])
                print(micropip.list())
                """
            )
            let file = URL(filePath: folder.path + "/amaru_two-1.0-py3-none-any.whl")
            #expect(second.output.contains("amaru_one | 1.0     | index"), "\(second)")
            #expect(second.output.contains("amaru_two | 1.0     | \(file.absoluteString)"))
        }

        @Test func `A wheel of the scheme emfs is installed, and its versions are kept`()
            async throws
        {
            let result = try await run(
                """
                import micropip, os, wheels
                wheels.make("amaru_one", "1.0")
                await micropip.install(f"emfs:{os.getcwd()}/amaru_one-1.0-py3-none-any.whl")
                import amaru_one
                print(amaru_one.version, micropip.list()["amaru_one"].source.startswith("file:"))
                try:
                    await micropip.install("amaru-one>=2")
                except ValueError as exc:
                    print(exc)
                """
            )
            #expect(
                result.output == """
                    1.0 True
                    'amaru-one>=2' asks for version >=2 of amaru-one, but 1.0 is installed; pass \
                    reinstall=True to replace it

                    """,
                "\(result.errors)"
            )
        }
    }
}
