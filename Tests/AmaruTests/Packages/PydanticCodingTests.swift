// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("pydantic models and Codable types", .packages, .timeLimit(.minutes(5)))
struct PydanticCodingTests {
    private static let source = """
        from pydantic import BaseModel

        class Message(BaseModel):
            role: str
            content: str
            name: str | None = None

        class Request(BaseModel):
            messages: list[Message]
            model: str
            max_tokens: int | None = None

        class Shape(BaseModel):
            point: dict = {}
        """

    @PythonActor
    private func models() throws -> PythonObject {
        let namespace = try Python.eval("{'__name__': 'pydantic_models'}")
        try Python.exec(Self.source, globals: namespace)
        return namespace
    }

    @Test("A model is decoded by its attributes, and made of an encoded value")
    func models() async throws {
        try await PythonActor.run {
            let models: PythonObject = try models()
            let request = Request(
                messages: [Message(role: .user, content: "Hi")],
                model: "m",
                limit: 5
            )
            let cls: PythonObject = try models["Request"]
            let model: PythonObject = try cls.model_validate(Python.encode(request))
            #expect(try Python.decode(Request.self, from: model) == request)
            let shape: PythonObject = try models["Shape"]
            #expect(try Python.decode(Shape.self, from: shape()) == .point)
        }
    }

    @Test("An error in a model names its path")
    func path() async throws {
        try await PythonActor.run {
            let models: PythonObject = try models()
            let message: PythonObject = try models["Message"]
            let wrong: PythonObject = try message.model_construct(role: "user", content: [1])
            let error = #expect(throws: PythonConversionError.self) {
                _ = try Python.decode([Message].self, from: PythonObject([wrong]))
            }
            #expect(error?.description == "[0].content: expected str, found list")
        }
    }
}
