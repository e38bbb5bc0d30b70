// What the examples in doc comments use and do not declare.
// SPDX-License-Identifier: Apache-2.0

extension Example {
    /// Declarations for the examples in doc comments, which show no more than one thing each.
    ///
    /// None of it runs: the examples are compiled.
    static let preludeOfComments = """
        func made<Value>() -> Value { fatalError() }

        let array: PythonObject = made()
        let client: PythonObject = made()
        let file: PythonObject = made()
        let height: PythonObject = made()
        let image: PythonObject = made()
        let list: PythonObject = made()
        let matrix: PythonObject = made()
        let model: PythonObject = made()
        let pd: PythonObject = made()
        let settings: PythonObject = made()
        let stream: PythonObject = made()
        let table: PythonObject = made()
        let width: PythonObject = made()
        let module: PythonModule = made()
        let error: PythonException = made()
        let errors: [any Error] = []
        let path = ""
        let rows = [[0.5]]
        let canBeep = true
        let request = Answer()

        struct Answer: Codable {}
        struct Point { let x: Double, y: Double }
        struct TransferFailed: Error { init(_ host: String, _ reason: String) {} }
        struct Sensor { func onNextSample(_ body: @escaping @Sendable (Double) -> Void) {} }
        let sensor = Sensor()
        enum clock { static func ticks(_ count: Int) -> AsyncStream<Int> { made() } }
        struct Frame: @unchecked Sendable {
            let bytes: UnsafeMutablePointer<UInt8>
            let height: Int, width: Int, rowBytes: Int
        }
        struct Camera { func lock() -> Frame { made() }; func unlock(_ frame: Frame) {} }
        let camera = Camera()
        struct Log { func append(_ text: String) {} }
        let log = Log()
        nonisolated(unsafe) var standardError = ""

        func beep() {}
        func load(_ url: String) async throws -> String { url }
        func load(_ url: String, within seconds: Double) async throws -> String { url }
        func move(_ point: CGPoint) -> CGPoint { point }
        func prompt() async -> String? { nil }
        func show(_ text: String) async {}
        func work() async throws {}

        /// The class whose members the examples describe.
        final class Described: PythonClassInstance, @unchecked Sendable {
            static let pythonClass = PythonClass(Described.self) {}
            var value = 0
            let elements = [0.5], names = [""], values = ["": 0]
            let samples: UnsafeMutableBufferPointer<Double> = made()
            init(_ value: Int) {}
            var messages: AsyncStream<String> { made() }
            func add(_ n: Int) {}
            func close() {}
            func contains(_ n: Int) -> Bool { true }
            func fetch(_ url: String, _ retries: Int) async throws -> String { url }
            func open() {}
            static func + (a: Described, b: Described) -> Described { a }
            static func * (a: Described, factor: Double) -> Described { a }
        }
        enum ClassExample {
            typealias Counter = Described
            typealias Vector = Described
            static func describe(
                @PythonClassBuilder<Described> members: () -> [PythonClassDefinition]
            ) {}
        }

        """
}
