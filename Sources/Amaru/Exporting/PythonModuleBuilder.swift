// The syntax of a module's contents.
// SPDX-License-Identifier: Apache-2.0

/// Lists the members of a ``PythonModule``; `if`, `switch` and `for` choose among them.
///
/// For the compiler: a program writes its name as an attribute only.
@resultBuilder
public enum PythonModuleBuilder {
    /// The members that a part of the contents lists.
    public typealias Component = [any PythonModule.Member]

    /// Takes one member.
    public static func buildExpression(_ member: any PythonModule.Member) -> Component {
        [member]
    }

    /// Takes members that were listed elsewhere.
    public static func buildExpression(_ members: Component) -> Component { members }

    /// Gathers the members of a block.
    public static func buildBlock(_ components: Component...) -> Component {
        components.flatMap(\.self)
    }

    /// Takes the members of an `if` without `else`.
    public static func buildOptional(_ component: Component?) -> Component { component ?? [] }

    /// Takes the members of one branch.
    public static func buildEither(first component: Component) -> Component { component }

    /// Takes the members of the other branch.
    public static func buildEither(second component: Component) -> Component { component }

    /// Gathers the members of a loop.
    public static func buildArray(_ components: [Component]) -> Component {
        components.flatMap(\.self)
    }

    /// Takes the members of an `if #available`.
    public static func buildLimitedAvailability(_ component: Component) -> Component { component }
}
