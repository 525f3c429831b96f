from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class HelloWorldStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        powertools = lambda_.LayerVersion.from_layer_version_arn(
            self,
            "Powertools",
            f"arn:aws:lambda:{self.region}:017000801446:layer:AWSLambdaPowertoolsPythonV3-__PYTHON__-x86_64:7",
        )
        function = lambda_.Function(
            self,
            "HelloWorld",
            runtime=lambda_.Runtime("__RUNTIME__", lambda_.RuntimeFamily.PYTHON),
            code=lambda_.Code.from_asset("lambda_function"),
            handler="app.lambda_handler",
            timeout=Duration.seconds(5),
            layers=[powertools],
            tracing=lambda_.Tracing.ACTIVE,
            environment={
                "POWERTOOLS_SERVICE_NAME": "PowertoolsHelloWorld",
                "POWERTOOLS_METRICS_NAMESPACE": "Powertools",
            },
        )
        api = apigateway.RestApi(self, "HelloWorldApi", deploy_options=apigateway.StageOptions(tracing_enabled=True))
        api.root.add_resource("hello").add_method("GET", apigateway.LambdaIntegration(function))
        CfnOutput(self, "apiUrl", value=f"{api.url}hello")
