"""The judge as a service: the HTTP protocols of code-judge and SandboxFusion over sandboxed programs."""
