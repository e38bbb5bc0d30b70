// What is typed first for closures, mixed collections and keywords as arguments, for comparisons
// that are no Bool, and for exceptions of one kind.
// SPDX-License-Identifier: Apache-2.0

extension Twins {
    private static func argument(
        _ name: String,
        _ call: String,
        refused diagnostic: String
    ) -> Twins {
        Twins(
            name,
            """
            @PythonActor func use(
                _ object: PythonObject,
                count: Int,
                keywords: [String: Int]
            ) throws {
                \(call)
            }
            """,
            refused: diagnostic
        )
    }

    // The compiler's own words. An unavailable overload that takes closures would lead to
    // `PythonFunction`, but it is reported without file and line.
    private static let closure = "type '(Int) -> Int' cannot conform to 'ConvertibleToPython'"
    private static let mixed = "failed to produce diagnostic for expression"

    static let arguments = [
        argument(
            "a closure as an argument",
            "try object.sort(key: {{PythonFunction||}} { (x: Int) in -x })",
            refused: closure
        ),
        argument(
            "a closure as an argument without a label",
            "try object.apply({{PythonFunction||}} { (x: Int) in -x })",
            refused: closure
        ),
        argument(
            "a closure as an argument of an object",
            "_ = try object({{PythonFunction||}} { (x: Int) in -x }) as PythonObject",
            refused: "no exact matches in call to instance method 'dynamicallyCall'"
        ),
        argument(
            "a closure beside another argument",
            "try object.sort(1, key: {{PythonFunction||}} { (x: Int) in -x })",
            refused: "generic parameter 'Value' could not be inferred"
        ),
        argument(
            "a mixed collection with a variable, beside another argument",
            "try object.insert(0, {{Python.list||}}([\"a\", count]))",
            refused: mixed
        ),
        argument(
            "a mixed dictionary with a variable, by keyword",
            "try object.update(other: {{Python.dict||}}([\"a\": \"x\", \"n\": count]))",
            refused: mixed
        ),
        argument(
            "a mixed collection with a variable, nested",
            "try object.append([{{Python.list||}}([\"a\", count]), {{Python.list||}}([\"b\", 2])])",
            refused: mixed
        ),
        argument(
            "keywords known at run time",
            "try {{Python.call(object, keywords: keywords)||object(**keywords)}}",
            refused: "cannot find operator '**' in scope"
        ),
        argument(
            "keywords known at run time, as PythonKit takes them",
            """
            try {{Python.call(object, keywords: keywords)\
            ||object.dynamicallyCall(withKeywordArguments: keywords)}}
            """,
            refused: "no exact matches in call to instance method 'dynamicallyCall'"
        ),
        argument(
            "the result of an element-wise comparison",
            "let mask: PythonObject = try object {{.>||>}} 2; _ = mask",
            refused: "cannot convert value of type 'Bool' to specified type 'PythonObject'"
        ),
        argument(
            "an exception of one kind, by its name",
            """
            do { try object() } catch let error as PythonException
                where error.matches({{.valueError||"ValueError"}}) { print(error) }
            """,
            refused: "'String' to expected argument type 'PythonExceptionClass'"
        ),
        argument(
            "an exception of one kind, as a case of the error",
            """
            do { try object() } catch {{let error as PythonException\
             where error.matches(.valueError)||PythonException.valueError}} {}
            """,
            refused: "type 'PythonException' has no member 'valueError'"
        ),
        argument(
            "an exception of one kind, as a pattern",
            """
            do { try object() } catch {{let error as PythonException\
             where error.matches(.valueError)||PythonExceptionClass.valueError}} {}
            """,
            refused: "'PythonExceptionClass' cannot match values of type 'any Error'"
        ),
    ]
}
